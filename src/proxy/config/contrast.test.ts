import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hasContrastEnvironment, parseContrastEnvironment } from './contrast.ts'

const MACHINE = { workload: 'w', ipv6: false, folder: '/' }
const read = (ingress = '', egress = '', admin = '') =>
  parseContrastEnvironment({ CONTRAST_INGRESS_PROXY_CONFIG: ingress, CONTRAST_EGRESS_PROXY_CONFIG: egress, CONTRAST_ADMIN_PORT: admin }, MACHINE)

test('all three empty: every port needs mTLS, nothing goes out', () => {
  const plan = read()
  assert.deepEqual(plan.identity, { kind: 'files', key: '/contrast/tls-config/key.pem', chain: '/contrast/tls-config/certChain.pem', bundle: '/contrast/tls-config/mesh-ca.pem' })
  assert.deepEqual(plan.inbound, {
    mode: 'tproxy', listen: [{ host: '0.0.0.0', port: 15006 }, { host: '0.0.0.0', port: 15007 }], to: undefined,
    default: 'mtls', ports: {}, allow: { default: [], ports: {} }, source: 'sidecar', tunnel: 'auto',
  })
  assert.equal(plan.outbound, undefined)
})

test('the examples of its documentation', () => {
  const plan = read('web#8080#false##metrics#7890#true', 'emoji#127.137.0.1:8081#emoji-svc:8080##voting#127.137.0.2:8081#voting-svc:8080', '9901')
  assert.deepEqual(plan.inbound?.ports, { 7890: 'plaintext', 8080: 'tls' })
  assert.deepEqual(plan.outbound?.map, [
    { listen: { host: '127.137.0.1', port: 8081 }, to: { host: 'emoji-svc', port: 8080 }, identities: [] },
    { listen: { host: '127.137.0.2', port: 8081 }, to: { host: 'voting-svc', port: 8080 }, identities: [] },
  ])
  assert.deepEqual(plan.admin, { host: '127.0.0.1', port: 9901 })
})

test('the old names count, the new ones win, and an empty one is there', () => {
  assert.deepEqual(parseContrastEnvironment({ EDG_INGRESS_PROXY_CONFIG: 'a#1#t' }, MACHINE).inbound?.ports, { 1: 'plaintext' })
  assert.deepEqual(parseContrastEnvironment({ EDG_INGRESS_PROXY_CONFIG: 'a#1#t', CONTRAST_INGRESS_PROXY_CONFIG: 'a#2#F' }, MACHINE).inbound?.ports, { 2: 'tls' })
  assert.equal(hasContrastEnvironment({ EDG_ADMIN_PORT: '' }), true)
  assert.equal(hasContrastEnvironment({ PATH: '/bin' }), false)
})

test('empty segments are skipped, signs and zeros are Go\'s, of a port twice the first entry counts', () => {
  assert.deepEqual(read('####a#+0080#1####a#80#0##').inbound?.ports, { 80: 'plaintext' })
  assert.deepEqual(read('', 'a#127.0.0.1:080#[fd00::1]:+9').outbound?.map[0], { listen: { host: '127.0.0.1', port: 80 }, to: { host: 'fd00::1', port: 9 }, identities: [] })
})

for (const [ingress, egress, admin, message] of [
  ['a#1', '', '', 'invalid entry: a#1'],
  ['a#1#true#x', '', '', 'invalid entry: a#1#true#x'],
  ['DISABLED', '', '', 'invalid entry: DISABLED'],
  ['a# 1#true', '', '', 'invalid listen port:  1'],
  ['a#70000#true', '', '', 'invalid listen port: 70000'],
  ['a#0#true', '', '', 'invalid listen port: 0'],
  ['a#-1#true', '', '', 'invalid listen port: -1'],
  ['a#1#yes', '', '', 'invalid disable TLS: yes'],
  ['', 'a#localhost:1#b:2', '', 'invalid listen address: localhost:1'],
  ['', 'a#127.0.0.1:70000#b:2', '', 'invalid listen address: 127.0.0.1:70000'],
  ['', 'a#127.0.0.01:1#b:2', '', 'invalid listen address: 127.0.0.01:1'],
  ['', 'a#10.0.0.1:1#b:2', '', 'listen address 10.0.0.1 is not in local CIDR 127.0.0.1/8'],
  ['', 'a#[::1]:1#b:2', '', 'listen address ::1 is not in local CIDR 127.0.0.1/8'],
  ['', 'a#127.0.0.1:1#b', '', 'invalid remote domain: '],
  ['', 'a#127.0.0.1:1#b:c:2', '', 'invalid remote domain: '],
  ['', 'a#127.0.0.1:1#b:x', '', 'invalid remote port: x'],
  ['', 'a#127.0.0.1:1#b:65536', '', 'invalid remote port: 65536'],
  ['bad', 'a#127.0.0.1:1#b:x', '', 'invalid remote port: x'],
  ['', 'a#127.0.0.1:1#b:2##c#127.0.0.1:1#d:2', '', 'duplicate listen address: 127.0.0.1:1'],
  ['', 'a#127.0.0.1:80#127.0.0.1:80', '', 'a remote address leads back to the sidecar itself: 127.0.0.1:80'],
  ['', '', '8x', 'invalid admin port: 8x'],
  ['', '', '99999', 'invalid admin port: 99999'],
] as const) {
  test(`says as Contrast does: ${message}`, () => assert.throws(() => read(ingress, egress, admin), { code: 'bad-config', message }))
}
