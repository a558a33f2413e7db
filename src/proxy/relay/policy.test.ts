import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { InboundPlan, OutboundPlan, SidecarPlan } from '../sidecar-plan.ts'
import { Policy, caOnlyDestinations } from './policy.ts'
import { parseSocketAddress } from './socket-address.ts'

const INBOUND: InboundPlan = {
  mode: 'redirect', listen: [], to: undefined, default: 'mtls', ports: { 9090: 'tls', 7890: 'plaintext' },
  allow: { default: ['spiffe://shop/*'], ports: { 9091: ['spiffe://shop/admin'], 9092: [] } }, source: 'sidecar', tunnel: 'auto',
}
const OUTBOUND: OutboundPlan = {
  mode: 'redirect', listen: [], default: 'deny', passthrough: [{ network: '10.0.0.0/8', fromPort: 5432, toPort: 5432 }],
  expect: [{ to: { network: '10.1.0.0/16', fromPort: 1, toPort: 65535 }, identities: ['cart'], alpn: 'http/1.1' }, { to: { network: '10.0.0.0/8', fromPort: 1, toPort: 65535 }, identities: ['any'] }],
  map: [{ listen: { host: '127.0.0.1', port: 1 }, to: { host: 'cart', port: 80 }, identities: [] }], tunnel: 'auto',
}
const plan = (inbound: InboundPlan | undefined, outbound: OutboundPlan | undefined): SidecarPlan => ({ inbound, outbound } as SidecarPlan)

test('a port that is named wins over the default', () => {
  const policy = new Policy(plan(INBOUND, undefined))
  assert.deepEqual([80, 9090, 7890].map((port) => policy.modeOf(port)), ['mtls', 'tls', 'plaintext'])
  assert.deepEqual([80, 9091, 9092].map((port) => policy.allowedTo(port)), [['spiffe://shop/*'], ['spiffe://shop/admin'], []])
})

test('passed through, then expected, then the default', () => {
  const policy = new Policy(plan(undefined, OUTBOUND))
  const verdict = (host: string, port: number): unknown => policy.outbound(parseSocketAddress(host, port)!)
  assert.deepEqual(verdict('10.1.0.1', 5432), { action: 'passthrough', identities: [], alpn: undefined })
  assert.deepEqual(verdict('10.1.0.1', 80), { action: 'mesh', identities: ['cart'], alpn: 'http/1.1' })
  assert.deepEqual(verdict('10.2.0.1', 80), { action: 'mesh', identities: ['any'], alpn: undefined })
  assert.deepEqual(verdict('1.1.1.1', 80), { action: 'deny', identities: [], alpn: undefined })
})

test('destinations without an expected identity are said', () => {
  assert.deepEqual(caOnlyDestinations(OUTBOUND), ['cart:80'])
  assert.equal(caOnlyDestinations({ ...OUTBOUND, default: 'mesh' }).length, 2)
  assert.deepEqual(caOnlyDestinations(undefined), [])
})
