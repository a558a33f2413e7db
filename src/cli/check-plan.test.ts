import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'node:test'
import { MtlscopeError } from '../base/errors.ts'
import { planCheck } from './check-plan.ts'
import type { CheckFlags } from './check.ts'

const flags = (more: Partial<CheckFlags>): CheckFlags => ({ procfs: '/proc', output: 'text', ...more })
const code = (more: Partial<CheckFlags>): string => {
  try {
    planCheck(flags(more))
    return 'planned'
  } catch (error) {
    assert.ok(error instanceof MtlscopeError)
    return error.code
  }
}

test('flags that contradict each other are refused', () => {
  assert.equal(code({ read: 'a.pcap', probe: true }), 'usage')
  assert.equal(code({ read: 'a.pcap', canary: 'web=10.0.0.7:80' }), 'usage')
  assert.equal(code({ netns: ['web'], yes: true }), 'usage')
  assert.equal(code({ read: 'a.pcap', interface: ['eth0'] }), 'usage')
  assert.equal(code({ netns: ['web'], newOnly: true }), 'usage')
  assert.equal(code({ netns: ['web'], newOnly: true, expect: 'mtls' }), 'planned')
  assert.equal(code({ netns: ['web'], probe: true, yes: true }), 'planned')
})

test('an edge that may be less names both sides', () => {
  const base = { netns: ['web'] }
  assert.equal(code({ ...base, allow: ['* -> prometheus:9090', 'web→cart'] }), 'planned')
  for (const allow of ['foo', 'prometheus:9090', '', '->', 'web ->', '-> cart', 'a -> b -> c']) assert.equal(code({ ...base, allow: ['* -> *', allow] }), 'usage', allow)
})

test('a canary has a place, an address and a port, and perhaps a host', () => {
  assert.deepEqual(planCheck(flags({ netns: ['web'], canary: 'web=10.0.0.7:8080' })).canary, { from: 'web', host: undefined, ip: '10.0.0.7', port: 8080 })
  assert.deepEqual(planCheck(flags({ netns: ['web'], canary: 'web=cart@[fd00::7]:80' })).canary, { from: 'web', host: 'cart', ip: 'fd00::7', port: 80 })
  for (const canary of ['web', 'web=cart:80', 'web=10.0.0.7', 'web=10.0.0.700:80', 'web=10.0.0.7:0', '=10.0.0.7:80']) assert.equal(code({ netns: ['web'], canary }), 'usage', canary)
})

test('without a source the mesh is watched; rights are kept only where namespaces are entered again', () => {
  assert.equal(planCheck(flags({})).tap.mesh, true)
  assert.equal(planCheck(flags({ interface: ['eth0'] })).tap.keepsRights, false)
  for (const more of [{ interface: ['eth0'], probe: true }, { netns: ['web'] }, { pid: ['1'] }]) assert.equal(planCheck(flags(more)).tap.keepsRights, true)
})

test('bodies are kept only where they are compared', () => {
  const { settings } = planCheck(flags({ read: 'a.pcap' })).tap
  assert.deepEqual([settings.bodyLimitBytes, settings.details, settings.signatures], [0, false, true])
  assert.ok(planCheck(flags({ read: 'a.pcap', keylog: ['k'] })).tap.settings.bodyLimitBytes > 0)
})

test('a baseline that is none is refused', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'mtlscope-check-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const path = join(folder, 'before.json')
  assert.equal(code({ read: 'a.pcap', baseline: path }), 'cannot-read')
  writeFileSync(path, '[]')
  assert.equal(code({ read: 'a.pcap', baseline: path }), 'bad-report')
  writeFileSync(path, '{"edges":[]}')
  assert.equal(code({ read: 'a.pcap', baseline: path }), 'planned')
})
