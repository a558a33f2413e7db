import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseSidecarYaml } from '../config/yaml-plan.ts'
import { caOnlyPlaces } from './ca-only.ts'

const open = (text: string): string[] => caOnlyPlaces(parseSidecarYaml(`identity: { dir: /i }\n${text}`, 'x', { workload: 'w', ipv6: false, folder: '/' }))

test('what is closed on every side is not mentioned', () => {
  assert.deepEqual(open('inbound: { mode: tproxy, listen: 1, allow: [a] }\noutbound: { map: [{ listen: "127.0.0.1:80", to: "b:80", expect: b }] }'), [])
})

test('what is open is said: no allow list, no expected identity, modes without certificates', () => {
  assert.deepEqual(open('inbound: { mode: tproxy, listen: 1, default: permissive, ports: { 80: tls, 81: plaintext } }\noutbound: { mode: redirect, listen: 2, map: [{ listen: "127.0.0.1:80", to: "b:80" }] }'), [
    'outbound 127.0.0.1:80 → b:80: any identity of the mesh may answer',
    'outbound to what expect does not name: any identity of the mesh may answer',
    'inbound: any identity of the mesh may call',
    'inbound port 80: anyone may call, over TLS',
    'inbound port 81: anyone may call, in plaintext',
    'inbound on every other port: anyone may call, in plaintext',
  ])
})
