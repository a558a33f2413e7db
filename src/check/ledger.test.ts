import assert from 'node:assert/strict'
import test from 'node:test'
import type { FlowInfo } from '../model/flow.ts'
import type { Message } from '../model/message.ts'
import { CLIENT, SERVER } from '../model/side.ts'
import { makePki } from '../protocols/tls/pki.fixture.ts'
import { portOf, record, recordTo, startServer } from '../protocols/tls/recording.fixture.ts'
import { failedConnection } from '../protocols/unclaimed.ts'
import type { StreamPiece } from './check-stream.fixture.ts'
import { feed, flowOf, verdictOf } from './check-stream.fixture.ts'
import { countsText, edgeVerdict } from './edge-verdict.ts'
import { Ledger } from './ledger.ts'

const pki = await makePki()
const mutual = { ...pki.server, ca: pki.ca, requestCert: true }
const withCertificate = { ca: pki.ca, ...pki.client }
const text = (value: string): Uint8Array => Buffer.from(value, 'latin1')
const REQUEST = [{ side: CLIENT, bytes: text('GET /cart HTTP/1.1\r\nHost: a\r\n\r\n') }, { side: SERVER, bytes: text('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n') }] as const

function counts(ledger: Ledger): string[] {
  ledger.end()
  return [...ledger.edges.values()].map((edge) => `${edge.client} → ${edge.server}:${edge.port} ${countsText(edge.connections)}`)
}

test('an edge is a client and a port of a server, by their names where they are known', () => {
  const ledger = new Ledger()
  feed(ledger, flowOf('1'), REQUEST)
  feed(ledger, flowOf('2', { client: { ip: '10.0.0.1', port: 2, name: 'web' }, server: { ip: '10.0.0.2', port: 8080, name: 'cart' } }), REQUEST)
  feed(ledger, flowOf('3', { client: { ip: '10.0.0.9', port: 3, name: 'web' }, server: { ip: '10.0.0.7', port: 8080, name: 'cart' } }), REQUEST)
  assert.deepEqual(counts(ledger), ['10.0.0.1 → 10.0.0.2:8443 1 plaintext', 'web → cart:8080 2 plaintext'])
})

test('clear hops on a loopback are no edges, TLS there is one', async () => {
  const ledger = new Ledger()
  const local: Partial<FlowInfo> = { hop: 'clear', client: { ip: '127.0.0.1', port: 1 }, server: { ip: '127.0.0.1', port: 15001 } }
  feed(ledger, flowOf('1', local), REQUEST)
  feed(ledger, flowOf('2', { client: { ip: '10.0.0.1', port: 2 }, server: { ip: '10.0.0.1', port: 15001 } }), REQUEST)
  assert.deepEqual([counts(ledger), ledger.clearHops], [[], 2])
  feed(ledger, flowOf('3', local), (await record(mutual, withCertificate)).steps)
  assert.deepEqual(counts(ledger), ['127.0.0.1 → 127.0.0.1:15001 1 mtls (inferred)'])
})

test('connections that differ make an edge mixed, and proof beside inference is inference', async () => {
  const ledger = new Ledger()
  feed(ledger, flowOf('1'), (await record(mutual, withCertificate)).steps)
  feed(ledger, flowOf('2'), (await record({ ...mutual, maxVersion: 'TLSv1.2' }, withCertificate)).steps)
  const [edge] = ledger.edges.values()
  assert.deepEqual([countsText(edge!.connections), edgeVerdict(edge!.connections)], ['1 mtls, 1 mtls (inferred)', 'mtls (inferred)'])
  feed(ledger, flowOf('3'), REQUEST)
  assert.deepEqual([countsText(edge!.connections), edgeVerdict(edge!.connections)], ['1 mtls, 1 mtls (inferred), 1 plaintext', 'mixed'])
})

test('a connection that two namespaces saw is one, and a late view takes nothing from it', async () => {
  const { steps } = await record({ ...mutual, maxVersion: 'TLSv1.2' }, withCertificate)
  const ledger = new Ledger()
  feed(ledger, flowOf('1', { namespace: 'web' }), steps)
  feed(ledger, flowOf('1', { namespace: 'cart' }), steps)
  feed(ledger, flowOf('1', { namespace: 'node', id: '7' }), steps.slice(4), true)
  assert.deepEqual(counts(ledger), ['10.0.0.1 → 10.0.0.2:8443 1 mtls'])
  feed(ledger, flowOf('1', { id: '8', firstMicros: 60e6 }), steps)
  assert.deepEqual(counts(ledger), ['10.0.0.1 → 10.0.0.2:8443 2 mtls'], 'the same ports, a minute later')
})

for (const { version, first, alone } of [
  { version: 'TLSv1.2', first: 'mtls', alone: 'unknown' }, { version: 'TLSv1.3', first: 'mtls (inferred)', alone: 'unknown' },
] as const) {
  test(`${version}: what resumes inherits from the session's first handshake, and from nothing else`, async (t) => {
    const server = await startServer({ ...mutual, minVersion: version, maxVersion: version })
    t.after(() => server.close())
    const full = await recordTo(portOf(server), withCertificate)
    assert.ok(full.witness.session !== undefined)
    const again = await recordTo(portOf(server), { ...withCertificate, session: full.witness.session })
    assert.equal(again.witness.resumed, true)
    assert.equal(verdictOf(again.steps), alone, 'its first handshake is not in the capture')
    const ledger = new Ledger()
    feed(ledger, flowOf('1'), full.steps)
    feed(ledger, flowOf('2'), again.steps)
    assert.deepEqual(counts(ledger), [`10.0.0.1 → 10.0.0.2:8443 2 ${first}`])
    const others = new Ledger()
    feed(others, flowOf('1', { client: { ip: '10.0.0.99', port: 1 } }), full.steps)
    feed(others, flowOf('2'), again.steps)
    const expected = version === 'TLSv1.2' ? 'mtls' : 'unknown'
    assert.deepEqual(counts(others)[1], `10.0.0.1 → 10.0.0.2:8443 1 ${expected}`, 'a ticket names its session; without one only the client does')
  })
}

test('a client that had a certificate once and none another time passes nothing on under TLS 1.3', async (t) => {
  const server = await startServer({ ...mutual, rejectUnauthorized: false, minVersion: 'TLSv1.3' })
  t.after(() => server.close())
  const full = await recordTo(portOf(server), withCertificate)
  const bare = await recordTo(portOf(server), { ca: pki.ca })
  const again = await recordTo(portOf(server), { ...withCertificate, session: full.witness.session })
  const ledger = new Ledger()
  for (const [i, { steps }] of [full, bare, again].entries()) feed(ledger, flowOf(String(i + 1)), steps)
  assert.deepEqual(counts(ledger), ['10.0.0.1 → 10.0.0.2:8443 1 mtls (inferred), 1 tls, 1 unknown'])
})

test('a refused client is no connection, and says why', async () => {
  const ledger = new Ledger()
  feed(ledger, flowOf('1'), (await record(mutual, { ca: pki.ca })).steps)
  const [edge] = ledger.edges.values()
  assert.deepEqual([edge!.connections, edge!.refused], [{}, 1])
  assert.match(edge!.refusedBecause!, /the server ended the handshake/)
})

test('TLS behind a PROXY header, a CONNECT, or a request for it is judged as what it is', async () => {
  const { steps } = await record({ ...mutual, maxVersion: 'TLSv1.2' }, withCertificate)
  assert.equal(verdictOf([{ side: CLIENT, bytes: text('PROXY TCP4 10.1.2.3 10.0.0.9 51234 443\r\n') }, ...steps]), 'mtls')
  const connect: StreamPiece[] = [{ side: CLIENT, bytes: text('CONNECT shop:443 HTTP/1.1\r\nHost: shop:443\r\n\r\n') }, { side: SERVER, bytes: text('HTTP/1.1 200 OK\r\n\r\n') }]
  assert.equal(verdictOf([...connect, ...steps]), 'mtls')
  assert.equal(verdictOf(connect), 'unknown', 'nothing came through the tunnel')
  const postgres: StreamPiece[] = [{ side: CLIENT, bytes: Buffer.from('0000000804d2162f', 'hex') }, { side: SERVER, bytes: text('S') }]
  assert.equal(verdictOf([...postgres, ...steps]), 'mtls')
  assert.equal(verdictOf([...REQUEST, ...connect, ...steps]), 'plaintext', 'a request was readable before')
})

test('bytes of no known protocol are unknown, and what came to nothing is no edge', () => {
  assert.equal(verdictOf([{ side: CLIENT, bytes: Buffer.alloc(900, 0xfe) }, { side: SERVER, bytes: Buffer.alloc(900, 0xfd) }]), 'unknown')
  const ledger = new Ledger()
  ledger.add(flowOf('1'), failedConnection(1, 2, 1, undefined), {})
  assert.deepEqual(counts(ledger), [])
})

test('a million connections and edges stay within their bounds, and what has no room is said', () => {
  const ledger = new Ledger()
  const message: Message = { protocol: 'http1', atMicros: 1, elapsedMicros: 1, what: 'GET /', status: 200, outcome: 'ok', request: undefined, response: undefined, complete: true, notes: [] }
  for (let i = 0; i < 60_000; i++) ledger.add(flowOf(String(i), { client: { ip: `11.${i >> 16}.${i >> 8 & 255}.${i & 255}`, port: 1 }, firstMicros: i }), message, {})
  assert.equal(ledger.edges.size, 20_000)
  assert.equal(ledger.unjudged, 40_000)
})

test('UDP is not judged, and said so', () => {
  const ledger = new Ledger()
  const message: Message = { protocol: 'dns', atMicros: 1, elapsedMicros: 1, what: 'A web', status: 'NOERROR', outcome: 'ok', request: undefined, response: undefined, complete: true, notes: [] }
  ledger.add(flowOf('1', { server: { ip: '10.0.0.53', port: 53 } }), message, {})
  assert.deepEqual([counts(ledger), [...ledger.datagrams.values()]], [[], [{ server: '10.0.0.53', port: 53, protocol: 'DNS', conversations: 1 }]])
})
