import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { Ajv2020 } from 'ajv/dist/2020.js'
import fc from '#property'
import { parse } from 'yaml'
import { ConfigError } from './problem.ts'
import { SIDECAR_SCHEMA } from './schema.ts'
import type { Shape } from './shape.ts'
import { parseSidecarYaml } from './yaml-plan.ts'
import type { SidecarPlan } from '../sidecar-plan.ts'

const MACHINE = { workload: 'host', ipv6: true, folder: '/etc/mtlscope' }
const ID = 'identity: { dir: /run/id }\n'
const IN = 'inbound: { mode: tproxy, listen: 15006 }\n'

const plan = (text: string): SidecarPlan => parseSidecarYaml(text, 'm.yaml', MACHINE)

/** `line:column: message / hint` of each problem. */
function problems(text: string): string[] {
  try {
    plan(text)
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error))
    return error.problems.map(({ message, hint }) => `${message.replace('m.yaml:', '')} / ${hint ?? ''}`)
  }
  return []
}

const ajv = new Ajv2020({ strict: true, allowUnionTypes: true, strictTypes: false, strictRequired: false })
const matchesSchema = ajv.compile(SIDECAR_SCHEMA)

test('the schema in docs/ is this one', () => {
  assert.deepEqual(JSON.parse(readFileSync(new URL('../../../docs/schema/sidecar.schema.json', import.meta.url), 'utf8')), JSON.parse(JSON.stringify(SIDECAR_SCHEMA)))
})

test('the page names every key of the schema', () => {
  const page = readFileSync(new URL('../../../docs/sidecar.md', import.meta.url), 'utf8')
  const all = (shape: Shape, path: string): string[] => [
    ...Object.entries(shape.properties ?? {}).flatMap(([key, inner]) => inner === false ? [] : [`${path}${key}`, ...all(inner, `${path}${key}.`)]),
    ...shape.items === undefined ? [] : all(shape.items, `${path.slice(0, -1)}[].`),
  ]
  const keys = all(SIDECAR_SCHEMA, '')
  assert.ok(keys.length > 40)
  assert.deepEqual(keys.filter((key) => !page.includes(`| \`${key}\` |`)), [])
})

test('the example of the issue, defaults filled in', () => {
  const made = plan(`
identity: { dir: /run/mtlscope/identity }
inbound:  { mode: tproxy, listen: 15006, default: mtls, ports: { 9090: tls, 7890: plaintext }, allow: ["spiffe://cluster.local/ns/shop/sa/web"] }
outbound: { mode: redirect, listen: 15001, default: mesh, passthrough: ["10.0.0.0/8:5432"], map: [{ listen: "127.137.0.1:8080", to: "cart:8080", expect: "spiffe://cluster.local/ns/shop/sa/cart" }] }
`)
  assert.deepEqual(made, {
    workload: 'host',
    identity: { kind: 'files', key: '/run/mtlscope/identity/key.pem', chain: '/run/mtlscope/identity/certChain.pem', bundle: '/run/mtlscope/identity/mesh-ca.pem' },
    inbound: {
      mode: 'tproxy', listen: [{ host: '0.0.0.0', port: 15006 }, { host: '::', port: 15006 }], to: undefined, default: 'mtls',
      ports: { 7890: 'plaintext', 9090: 'tls' }, allow: { default: ['spiffe://cluster.local/ns/shop/sa/web'], ports: {} }, source: 'sidecar', tunnel: 'auto',
    },
    outbound: {
      mode: 'redirect', listen: [{ host: '127.0.0.1', port: 15001 }, { host: '::1', port: 15001 }], default: 'mesh',
      passthrough: [{ network: '10.0.0.0/8', fromPort: 5432, toPort: 5432 }], expect: [],
      map: [{ listen: { host: '127.137.0.1', port: 8080 }, to: { host: 'cart', port: 8080 }, identities: ['spiffe://cluster.local/ns/shop/sa/cart'] }], tunnel: 'auto',
    },
    tls: { minVersion: '1.3', groups: ['X25519MLKEM768', 'X25519', 'P-256'], alpn: 'mtlscope', resumption: true },
    limits: { connections: 65536, bufferBytes: 262144, connectTimeoutMs: 10000, handshakeTimeoutMs: 10000, idleTimeoutMs: 3600000, drainTimeoutMs: 30000 },
    admin: { host: '127.0.0.1', port: 15000 }, log: 'text', threads: 1,
  })
})

test('ports with callers of their own, ranges, anchors, relative paths', () => {
  const made = plan(`
workload: cart
identity: { key: k.pem, chain: ../c.pem, bundle: /b.pem }
inbound:
  mode: redirect
  listen: ["0.0.0.0:9443", "[::1]:9443"]
  default: permissive
  allow: &shop ["spiffe://shop.test/*", cart.shop]
  ports: { 8443: { mode: mtls, allow: *shop }, 8444: { allow: [web] } }
  source: proxy-protocol
outbound: { passthrough: ["*:53", "[fd00::/8]:5000-6000", "fd00::1", 10.0.0.7], expect: [{ to: 10.1.0.0/16, identity: [a, b], alpn: http/1.1 }] }
tls: { minVersion: 1.2, groups: [P-256], alpn: x, resumption: false }
limits: { connections: 10, buffer: 1M, connectTimeout: 1.5s, idleTimeout: 0s, handshakeTimeout: 500ms, drainTimeout: 2m }
admin: 9000
log: json
threads: 2
mark: 1337
`)
  assert.deepEqual(made.identity, { kind: 'files', key: '/etc/mtlscope/k.pem', chain: '/etc/c.pem', bundle: '/b.pem' })
  assert.deepEqual(made.inbound?.ports, { 8443: 'mtls', 8444: 'permissive' })
  assert.deepEqual(made.inbound?.allow.ports, { 8443: ['spiffe://shop.test/*', 'cart.shop'], 8444: ['web'] })
  assert.deepEqual(made.outbound?.passthrough.map(({ network, fromPort, toPort }) => `${network} ${fromPort}-${toPort}`),
    ['0.0.0.0/0 53-53', '::/0 53-53', 'fd00::/8 5000-6000', 'fd00::1 1-65535', '10.0.0.7 1-65535'])
  assert.deepEqual(made.outbound?.expect[0]?.identities, ['a', 'b'])
  assert.deepEqual([made.outbound?.expect[0]?.alpn, made.mark], ['http/1.1', 1337])
  assert.deepEqual(made.tls, { minVersion: '1.2', groups: ['P-256'], alpn: 'x', resumption: false })
  assert.deepEqual(made.limits, { connections: 10, bufferBytes: 1048576, connectTimeoutMs: 1500, handshakeTimeoutMs: 500, idleTimeoutMs: 0, drainTimeoutMs: 120000 })
  assert.deepEqual(made.admin, { host: '127.0.0.1', port: 9000 })
})

test('other sources of the identity', () => {
  assert.deepEqual(plan(`identity: { workloadApi: "unix:///run/spire/api.sock" }\n${IN}`).identity, { kind: 'workload-api', socket: '/run/spire/api.sock' })
  assert.deepEqual(plan(`identity: { ca: { address: "ca:8444", bundle: b.pem, token: /t, spiffeId: spiffe://a.b/c } }\n${IN}`).identity,
    { kind: 'ca', address: { host: 'ca', port: 8444 }, bundle: '/etc/mtlscope/b.pem', token: '/t', spiffeId: 'spiffe://a.b/c' })
  assert.deepEqual(plan(`identity: { ca: { address: "ca:8444", bundle: b.pem, token: /t } }\n${IN}`).identity,
    { kind: 'ca', address: { host: 'ca', port: 8444 }, bundle: '/etc/mtlscope/b.pem', token: '/t' })
})

for (const [what, text, ...expected] of [
  ['an unknown key', `${ID}inbund: {}\n${IN}`, "2:1: unknown key 'inbund' / did you mean 'inbound'?"],
  ['an unknown key inside', `${ID}inbound: { mode: tproxy, listen: 1, defualt: tls }`, "2:37: unknown key 'defualt' / did you mean 'default'?"],
  ['a wrong word', `${ID}inbound: { mode: tprxy, listen: 1 }`, "2:18: expected one of redirect, tproxy, listen, found 'tprxy' / did you mean 'tproxy'?"],
  ['a port out of range', `${ID}inbound: { mode: tproxy, listen: 70000 }`, '2:34: expected a port, an address and port, or a list of these, found 70000 / '],
  ['a port of the mapping out of range', `${ID}inbound: { mode: tproxy, listen: 1, ports: { 70000: tls } }`, "2:46: '70000' is not a port / a port is a number from 1 to 65535"],
  ['a missing key', IN, "1:1: key 'identity' is missing / expected a mapping"],
  ['no value', `${ID}inbound:\n`, "2:1: 'inbound' has no value / expected a mapping"],
  ['two problems', `${ID}inbound: { mode: x, listen: 0 }`, "2:18: expected one of redirect, tproxy, listen, found 'x' / ", '2:29: expected a port, an address and port, or a list of these, found 0 / '],
  ['a duration without unit', `${ID}${IN}limits: { idleTimeout: 30 }`, '3:24: expected a duration like 500ms, 10s, 5m or 1h, found 30 / write the unit too, such as 30s'],
  ['an address of IPv6 without quotes', `${ID}inbound: { mode: listen, listen: 1, to: [::1] }`, '2:41: expected a host and port like cart:8080, 10.1.2.3:8080 or "[fd00::1]:8080", found a list / an address of IPv6 must be quoted: "[::1]:8080"'],
  ['a prefix that crosses trust domains', `${ID}inbound: { mode: tproxy, listen: 1, allow: ["spiffe://cluster*"] }`, "2:45: expected a SPIFFE id or DNS name, exact or as a prefix that ends in *, found 'spiffe://cluster*' / "],
  ['nobody allowed', `${ID}inbound: { mode: tproxy, listen: 1, allow: [] }`, '2:44: expected a list of identities, found an empty one / leave the key out where there is nothing to say'],
  ['allow where nobody is asked', `${ID}inbound: { mode: tproxy, listen: 1, ports: { 80: { mode: tls, allow: [a] } } }`, "2:50: mode tls asks for no client certificate, so 'allow' would never be looked at / use mtls, or leave allow out"],
  ['listen without to', `${ID}inbound: { mode: listen, listen: 1 }`, '2:10: mode listen needs \'to\' / the address of the app, such as to: "127.0.0.1:8080"'],
  ['to without listen', `${ID}inbound: { mode: tproxy, listen: 1, to: "a:1" }`, "2:41: mode tproxy has no 'to' / connections go on to where they were going; or use mode: listen"],
  ['two sources', `identity: { dir: a, workloadApi: /b }\n${IN}`, '1:11: names more than one source of the identity / exactly one of: dir; key, chain and bundle; ca; workloadApi'],
  ['half of the files', `identity: { key: a, chain: b }\n${IN}`, "1:11: key 'bundle' is missing / key, chain and bundle belong together; or name their folder with dir"],
  ['the same address twice', `${ID}${IN}outbound: { mode: tproxy, listen: 15006 }`, "3:35: port 15006 of 0.0.0.0 is listened on by inbound already / each listener needs an address of its own", "3:35: port 15006 of :: is listened on by inbound already / each listener needs an address of its own"],
  ['an IPv6 address with a slip', `${ID}inbound: { mode: listen, listen: "[::1::2]:80", to: "a:1" }`, '2:34: \'[::1::2]:80\' is not an address and port / like 10.1.2.3:8080, "[fd00::1]:8080" or, where it is called, cart:8080'],
  ['a range backwards', `${ID}outbound: { passthrough: ["10.0.0.0/8:9-3"] }`, '2:27: \'10.0.0.0/8:9-3\' is not a destination / like 10.0.0.0/8, 10.0.0.7:5432, 10.0.0.0/8:5000-6000, "[fd00::/8]:443" or "*:5432"'],
  ['an admin endpoint for everybody', `${ID}${IN}admin: "0.0.0.0:15000"`, "3:8: expected a port, or a loopback address and port like 127.0.0.1:15000, found '0.0.0.0:15000' / "],
  ['nothing to do', ID, '1:1: neither inbound nor outbound is there / a sidecar without both would do nothing'],
  ['an empty file', '', '1:1: expected a mapping, found nothing / '],
  ['a port twice, as a number and as a text', `${ID}inbound: { mode: tproxy, listen: 1, ports: { 80: tls, "80": plaintext } }`, "2:55: '80' is there twice / as a number and as a text they are the same key"],
  ['callers of a port that nobody calls', `${ID}inbound: { mode: listen, listen: "0.0.0.0:9443", to: "127.0.0.1:8080", ports: { 9443: { allow: [a] } } }`, '2:87: everything goes to port 8080 with mode listen, so port 9443 would never be looked at / name port 8080, or say it for all with default and allow'],
  ['an app that is the sidecar', `${ID}inbound: { mode: listen, listen: 9443, to: "127.0.0.1:9443", default: plaintext }`, '2:44: leads back to the sidecar itself: 127.0.0.1:9443 / every connection would open another one, without end'],
  ['a map that leads to itself by name', `${ID}outbound: { map: [{ listen: "127.0.0.1:80", to: "localhost:80" }] }`, '2:49: leads back to the sidecar itself: localhost:80 / every connection would open another one, without end'],
  ['maps that lead to each other', `${ID}outbound: { map: [{ listen: "127.0.0.1:80", to: "127.0.0.2:81" }, { listen: "127.0.0.2:81", to: "127.0.0.1:80" }] }`, '2:49: leads back to the sidecar itself: 127.0.0.2:81 → 127.0.0.1:80 / every connection would open another one, without end', '2:97: leads back to the sidecar itself: 127.0.0.1:80 → 127.0.0.2:81 / every connection would open another one, without end'],
  ['the port of the admin endpoint', `${ID}inbound: { mode: tproxy, listen: 15000 }`, "2:10: inbound listens on port 15000, which is the admin endpoint's unless 'admin' says another / such as admin: 15002"],
  ['a name that is too long', `${ID}outbound: { map: [{ listen: "127.0.0.1:80", to: "${'a.'.repeat(127)}b:80" }] }`, `2:49: expected a host and port like cart:8080, 10.1.2.3:8080 or "[fd00::1]:8080", found '${'a.'.repeat(127)}b:80' / `],
  ['a key twice', `${ID}${ID}${IN}`, '2:1: map keys must be unique / '],
] as const) {
  test(`says where and what: ${what}`, () => assert.deepEqual(problems(text), expected))
}

test('where one listener leads to another it is a way, not a circle', () => {
  assert.equal(plan(`${ID}inbound: { mode: listen, listen: 9443, to: "127.137.0.1:80" }\noutbound: { map: [{ listen: "127.137.0.1:80", to: "cart:80" }, { listen: "127.0.0.1:80", to: "127.0.0.2:80" }] }`).outbound?.map.length, 2)
})

test('broken YAML is told with its place, never as a stack', () => {
  for (const text of ['a: [', 'a: b: c', '\tx: 1', 'a: *none', '"', 'a: &x [*x]', '{', '? [a]\n: 1', '--- 1\n--- 2', '%YAML 9\n---\na: 1', `${ID}${IN}<<: {}`]) {
    const said = problems(text)
    assert.ok(said.length > 0 && said.every((line) => /^\d+:\d+: [^A-Z]/.test(line)), `${text}: ${said.join()}`)
  }
  fc.assert(fc.property(fc.string({ maxLength: 60, unit: fc.constantFrom(...'ab:{}[]&*!|>-\n \'"#?,%@`1inbou') }), (text) => problems(text).length > 0))
})

const HALVES = {
  identity: [ID, 'identity: { workloadApi: /x }\n', 'identity: { dir: a, key: b }\n', 'identity: { key: a, chain: b, bundle: c }\n', 'identity: {}\n', 'identity: { ca: { address: "h:1" } }\n', ''],
  inbound: [IN, '', 'inbound: { mode: listen, listen: 1 }\n', 'inbound: { mode: listen, listen: "1.2.3.4:5", to: "h:1" }\n', 'inbound: { mode: redirect, listen: "1.2.3.400:5" }\n', 'inbound: { mode: redirect, listen: [1, "0.0.0.0:2"], ports: { 1: { mode: mtls, allow: [a] }, 65535: plaintext } }\n', 'inbound: { mode: redirect, listen: 1, ports: { 65536: tls } }\n'],
  outbound: ['', 'outbound: { mode: redirect }\n', 'outbound: { listen: 3 }\n', 'outbound: { mode: tproxy, listen: 3, default: deny, passthrough: ["*", "10.0.0.0/33"] }\n', 'outbound: { map: [{ listen: "127.0.0.1:80", to: "9.9.9:80" }] }\n', 'outbound: { expect: [{ to: "*", identity: spiffe://a/b* }] }\n'],
  rest: ['', 'tls: { minVersion: 1.3 }\n', 'tls: { minVersion: 1.1 }\n', 'limits: { connections: 0 }\n', 'limits: { connectTimeout: 3 }\n', 'limits: { connectTimeout: 3s, buffer: 64K }\n', 'admin: 15000\n', 'admin: "10.0.0.1:15000"\n', 'log: xml\n', 'threads: 1.5\n', 'x: 1\n', 'workload: ""\n', 'mark: 0\n', 'mark: 1337\n'],
}

test('the schema and the reader accept the same', () => {
  let good = 0
  for (const identity of HALVES.identity) for (const inbound of HALVES.inbound) for (const outbound of HALVES.outbound) for (const rest of HALVES.rest) {
    const text = identity + inbound + outbound + rest
    if (inbound === '' && outbound === '') continue
    const said = problems(text)
    assert.equal(matchesSchema(parse(text) ?? {}), said.length === 0, `${text}\n${said.join('\n')}\n${ajv.errorsText(matchesSchema.errors)}`)
    if (said.length === 0) good++
  }
  assert.ok(good > 20, `only ${good} were good`)
})
