import assert from 'node:assert/strict'
import test from 'node:test'
import type { Message } from '../../model/message.ts'
import { CLIENT, SERVER } from '../../model/side.ts'
import type { Side } from '../../model/side.ts'
import { Listener } from '../contract.fixture.ts'
import type { Said } from '../contract.fixture.ts'
import { MAX_FLIGHT_RECORDS, MAX_SEARCH_BYTES } from './limits.ts'
import { tls } from './tls.ts'
import { changeCipherSpec, clientHello, clientHello13, data, messageOf, recordOf, serverHello, serverHello13, u16, u8, vector } from './wire.fixture.ts'
import { DEFAULT_SETTINGS } from '../protocol.ts'

interface Plain { what: string, status?: string, outcome: string, complete: boolean, notes: string[], atMicros: number, elapsedMicros?: number, request?: Facts, response?: Facts }
interface Facts { [key: string]: unknown, kind: string, records?: number, bytes?: number }

type Play = [Side, Uint8Array] | { side: Side, lost: number }

/** Feeds one piece after the other, a microsecond apart. */
function play(pieces: readonly Play[], ciphertextTurns = false): Said & { handshake: Plain, closed: Plain, turns: Plain[] } {
  const listener = new Listener(tls, { ...DEFAULT_SETTINGS, bodyLimitBytes: 0, ciphertextTurns })
  let at = 0
  for (const piece of pieces) {
    at++
    if (Array.isArray(piece)) listener.data(piece[0], piece[1], at)
    else listener.gap(piece.side, piece.lost, at)
  }
  const said = listener.end(at + 1)
  const messages = said.messages as unknown as Plain[]
  return { ...said, handshake: messages[0]!, closed: messages.at(-1)!, turns: messages.slice(1, -1) }
}

const FINISHED = data(53)
const ALERT_SIZED = data(19)
const encrypted = (length: number): Buffer => recordOf(22, Buffer.alloc(length, 0xee))
const hellos13: Play[] = [[CLIENT, clientHello13()], [SERVER, serverHello13()], [SERVER, data(900)]]
const hellos12: Play[] = [[CLIENT, clientHello({ suites: [0xc02b] })], [SERVER, Buffer.concat([serverHello(0xc02b), recordOf(22, messageOf(14, Buffer.alloc(0)))])]]
const finished12: Play[] = [[CLIENT, Buffer.concat([changeCipherSpec, encrypted(40)])], [SERVER, Buffer.concat([changeCipherSpec, encrypted(40)])]]

test('a client that puts its whole flight into one record', () => {
  const { handshake, turns } = play([...hellos13, [CLIENT, data(1000)], [CLIENT, data(77)], [SERVER, data(300)]], true)
  assert.equal(handshake.complete, true)
  assert.deepEqual(handshake.request!['clientFlight'], { records: 1, bytes: 1005, recordSizes: [1005], end: 'assumed' })
  assert.deepEqual(handshake.response!['serverFlight'], { records: 1, bytes: 905, recordSizes: [905], end: 'turn' })
  assert.deepEqual([turns[0]!.request, turns[0]!.response], [{ kind: 'ciphertext', records: 1, bytes: 82, offset: 0 }, { kind: 'ciphertext', records: 1, bytes: 305 }])
  assert.deepEqual([turns[0]!.atMicros, turns[0]!.elapsedMicros], [5, 1])
})

test('a client that talks on without an answer does not hold the handshake back', () => {
  const many: Play[] = Array.from({ length: MAX_FLIGHT_RECORDS + 4 }, () => [CLIENT, data(500)])
  const { handshake, closed } = play([...hellos13, [CLIENT, FINISHED], ...many])
  assert.equal(handshake.complete, true)
  assert.equal(closed.request!.records, many.length)
  assert.equal(closed.request!.bytes, many.length * 505)
})

test('early data is counted apart', () => {
  const hello = clientHello13({ extensions: [[42, Buffer.alloc(0)], [41, Buffer.concat([vector(2, vector(2, Buffer.alloc(9)), Buffer.alloc(4)), vector(2, vector(1, Buffer.alloc(32)))])]] })
  const { handshake } = play([
    [CLIENT, hello], [CLIENT, data(200)], [CLIENT, data(200)], [SERVER, serverHello13(0x1301, { extensions: [[41, u16(0)]] })], [SERVER, data(90)],
    [CLIENT, data(21)], [CLIENT, FINISHED], [SERVER, data(100)],
  ])
  assert.deepEqual([handshake.request!['earlyData'], handshake.request!['pskIdentities']], [true, 1])
  assert.deepEqual(handshake.request!['earlyDataSent'], { records: 2, bytes: 410 })
  assert.deepEqual((handshake.request!['clientFlight'] as Facts).records, 2)
  assert.deepEqual([handshake.response!['resumption'], handshake.complete], ['psk', true])
})

test('a client that refuses the server under TLS 1.3', () => {
  const { handshake } = play([...hellos13, [CLIENT, ALERT_SIZED]])
  assert.deepEqual([handshake.outcome, handshake.status], ['client-error', 'encrypted alert'])
  assert.match(handshake.notes.join(), /instead of its Finished/)
})

test('a first answer of two bytes is an answer, once more follows', () => {
  const { handshake, closed } = play([...hellos13, [CLIENT, FINISHED], [SERVER, ALERT_SIZED], [SERVER, data(40)]])
  assert.deepEqual([handshake.outcome, handshake.complete], ['ok', true])
  assert.deepEqual([closed.response!.records, closed.response!.bytes], [2, 24 + 45])
})

test('under CCM_8 records are smaller', () => {
  const { handshake } = play([[CLIENT, clientHello13()], [SERVER, serverHello13(0x1305)], [SERVER, data(900)], [CLIENT, data(45)], [SERVER, data(60)]])
  assert.deepEqual([handshake.response!['finishedRecordBytes'], handshake.response!['alertRecordBytes']], [50, 16])
  assert.equal((handshake.request!['clientFlight'] as Facts)['end'], 'finished')
})

test('false start', () => {
  const { handshake, closed } = play([...hellos12, finished12[0]!, [CLIENT, data(64)], finished12[1]!, [SERVER, data(32)]])
  assert.deepEqual([handshake.complete, handshake.request!['falseStart'], closed.request!.records, closed.response!.records], [true, true, 1, 1])
})

test('a warning does not end the handshake, close_notify does', () => {
  const warned = play([hellos12[0]!, [SERVER, recordOf(21, Buffer.from([1, 112]))], hellos12[1]!, ...finished12]).handshake
  assert.equal(warned.complete, true)
  assert.deepEqual(warned.response!['alerts'], [{ level: 'warning', description: 'unrecognized_name' }])
  const closed = play([...hellos12, [CLIENT, recordOf(21, Buffer.from([1, 0]))]]).handshake
  assert.deepEqual([closed.complete, closed.outcome, closed.status], [false, 'none', 'TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256'])
  assert.match(closed.notes.join(), /the client closed before the handshake was over/)
})

test('an alert of the client in the clear', () => {
  const { handshake } = play([...hellos12, [CLIENT, recordOf(21, Buffer.from([2, 48]))]])
  assert.deepEqual([handshake.outcome, handshake.status, handshake.complete], ['client-error', 'unknown_ca', true])
})

test('an encrypted alert before the handshake is over', () => {
  const { handshake } = play([...hellos12, finished12[0]!, [CLIENT, recordOf(21, Buffer.alloc(26))]])
  assert.deepEqual([handshake.outcome, handshake.status], ['client-error', 'encrypted alert'])
})

test('a server that does not speak TLS', () => {
  const { handshake, malformed, closed } = play([[CLIENT, clientHello()], [SERVER, Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n')]])
  assert.deepEqual([handshake.outcome, handshake.status], ['server-error', 'not TLS'])
  assert.deepEqual(malformed, ['server answered with something that is not TLS at 0'])
  assert.equal(closed.response!['streamBytes'], 28)
})

test('a hello in the format of SSL 2.0 that asks for TLS', () => {
  const body = Buffer.concat([u8(1), u16(0x0301), u16(9, 0, 16), Buffer.from('00002f00000a070 0c0'.replace(' ', ''), 'hex'), Buffer.alloc(16, 5)])
  const hello = Buffer.concat([u16(0x8000 | body.length), body])
  const { handshake } = play([[CLIENT, hello], [SERVER, serverHello(0x002f, { version: 0x0301 })], ...finished12])
  assert.equal(handshake.what, 'TLS 1.0 handshake')
  assert.deepEqual([handshake.request!['recordVersion'], handshake.request!['versions']], ['SSL 2.0', ['TLS 1.0']])
  assert.deepEqual(handshake.request!['cipherSuites'], ['TLS_RSA_WITH_AES_128_CBC_SHA', 'TLS_RSA_WITH_3DES_EDE_CBC_SHA', 'SSL2_DES_192_EDE3_CBC_WITH_MD5'])
})

test('a server of SSL 2.0', () => {
  const client = Buffer.concat([u8(1), u16(2), u16(3, 0, 16), Buffer.from('010080', 'hex'), Buffer.alloc(16, 5)])
  const server = Buffer.concat([u8(4), u8(0), u8(1), u16(2), u16(0, 3, 16), Buffer.from('010080', 'hex'), Buffer.alloc(16, 5)])
  const { handshake, malformed } = play([[CLIENT, vectorOf(client)], [SERVER, vectorOf(server)], [CLIENT, Buffer.alloc(50, 1)]])
  assert.deepEqual([handshake.what, handshake.complete], ['SSL 2.0 handshake', false])
  assert.match(handshake.notes.join(), /SSL 2.0/)
  assert.deepEqual(malformed, [])
})

const vectorOf = (body: Buffer): Buffer => Buffer.concat([u16(0x8000 | body.length), body])

test('joined late: counts, and says that the handshake is unknown', () => {
  const { handshake, closed } = play([[CLIENT, data(100)], [SERVER, data(200)], [SERVER, data(300)]])
  assert.deepEqual([handshake.what, handshake.status, handshake.outcome, handshake.complete], ['TLS, joined late', undefined, 'none', false])
  assert.deepEqual(handshake.notes, ['joined late: the handshake was not captured'])
  assert.deepEqual([closed.request!.records, closed.response!.records, closed.response!.bytes], [1, 2, 510])
})

test('joined late inside a record: the next three headers in a row are found', () => {
  const rest = data(5000).subarray(1234)
  const { closed } = play([[CLIENT, data(10)], [SERVER, rest], [SERVER, data(4000)], [SERVER, data(4001)], [SERVER, data(4002)], [SERVER, data(1)]])
  assert.deepEqual([closed.response!.records, closed.response!['unreadBytes']], [4, rest.length])
  assert.equal(closed.response!.bytes, 4000 + 4001 + 4002 + 1 + 4 * 5)
})

test('joined late in the middle of a handshake', () => {
  const { handshake } = play([hellos12[1]!, ...finished12, [CLIENT, data(50)]])
  assert.deepEqual([handshake.what, handshake.complete], ['TLS 1.2 handshake', false])
  assert.deepEqual(handshake.notes, ['no client hello was captured'])
  const later = play([[CLIENT, encrypted(40)], finished12[1]!, [CLIENT, data(50)]])
  assert.deepEqual([later.malformed, later.handshake.what], [[], 'TLS, joined late'])
})

test('what holds no record is given back, however short it is', () => {
  const short = play([[CLIENT, Buffer.from('PING\r\n')], [SERVER, Buffer.from('+PONG\r\n')]])
  assert.deepEqual([short.disowned, short.messages], [true, []])
  const said = play([[CLIENT, Buffer.alloc(MAX_SEARCH_BYTES + 10, 0x20)]])
  assert.deepEqual([said.disowned, said.messages], [true, []])
})

test('a loss inside a record keeps the step', () => {
  const record = data(1000)
  const { closed, malformed } = play([
    ...hellos12, ...finished12, [SERVER, record.subarray(0, 100)], { side: SERVER, lost: 800 }, [SERVER, record.subarray(900)], [SERVER, data(7)],
  ])
  assert.deepEqual([closed.response!.records, closed.response!['lostBytes'], closed.response!['unreadBytes'], malformed], [2, 800, undefined, []])
  assert.deepEqual([closed.complete, closed.notes], [false, ['800 bytes of the server were lost']])
})

test('a loss over a record boundary finds the next one', () => {
  const record = data(1000)
  const { closed } = play([
    ...hellos12, ...finished12, [SERVER, record.subarray(0, 100)], { side: SERVER, lost: 1400 },
    [SERVER, record.subarray(500)], [SERVER, data(7)], [SERVER, data(8)], [SERVER, data(9)],
  ])
  assert.deepEqual([closed.response!.records, closed.response!['unreadBytes']], [4, 505])
})

test('a loss that ends at a record boundary costs nothing more', () => {
  const { closed } = play([...hellos12, ...finished12, { side: CLIENT, lost: 4000 }, [CLIENT, data(7)]])
  assert.deepEqual([closed.request!.records, closed.request!.bytes, closed.request!['unreadBytes']], [1, 12, undefined])
})

test('a loss during the handshake is said, and the connection goes on', () => {
  const { handshake, closed } = play([hellos12[0]!, { side: SERVER, lost: 2000 }, ...finished12, [CLIENT, data(5)], [SERVER, data(6)]])
  assert.equal(handshake.complete, false)
  assert.match(handshake.notes.join(), /bytes of the server were lost/)
  assert.deepEqual([closed.request!.records, closed.response!.records], [1, 1])
})

test('a broken stream is reported and left alone', () => {
  const { malformed, closed } = play([...hellos12, ...finished12, [CLIENT, Buffer.alloc(MAX_SEARCH_BYTES * 2, 0x41)], [SERVER, data(5)]])
  assert.equal(malformed.length, 2)
  assert.match(malformed[0]!, /^client no record where one must begin at \d+$/)
  assert.match(malformed[1]!, /^client no record in 65536 bytes/)
  assert.equal(closed.response!.records, 1)
})

test('renegotiation, heartbeats and encrypted alerts after the handshake are counted', () => {
  const { closed } = play([...hellos12, ...finished12, [CLIENT, encrypted(60)], [SERVER, recordOf(24, Buffer.alloc(30))], [CLIENT, recordOf(21, Buffer.alloc(26))]])
  assert.deepEqual([closed.request!['handshakeRecords'], closed.response!['heartbeats'], closed.request!['close'], closed.response!['close']], [1, 1, 'encrypted alert', 'no alert'])
})

test('turns: a burst of the server first, then questions and answers', () => {
  const { turns } = play([
    ...hellos12, ...finished12, [SERVER, data(50)], [CLIENT, data(10)], [CLIENT, data(10)], [SERVER, data(20)], [SERVER, data(20)], [CLIENT, data(1)],
  ], true)
  assert.deepEqual(turns.map((m) => [m.request?.records, m.response?.records, m.outcome, m.elapsedMicros]), [
    [undefined, 1, 'none', undefined], [2, 2, 'ok', 2], [1, undefined, 'none', undefined],
  ])
  assert.ok(turns.every((m) => m.what === 'ciphertext' && m.complete))
})

test('a closing alert of TLS 1.3 is not passed off as a request', () => {
  const { turns } = play([...hellos13, [CLIENT, FINISHED], [CLIENT, data(60)], [SERVER, data(70)], [CLIENT, ALERT_SIZED]], true)
  assert.equal(turns.length, 2)
  assert.match(turns[1]!.notes.join(), /probably the end/)
  const both = play([...hellos13, [CLIENT, FINISHED], [CLIENT, data(60)], [SERVER, data(70)], [CLIENT, ALERT_SIZED], [SERVER, ALERT_SIZED]], true).turns
  assert.deepEqual(both.map((m) => m.notes.length), [0, 1])
})

test('turns as they are answered: at once, each once, with how long the client took', () => {
  const messages: Message[] = []
  const connection = tls.open({ message: (m) => { messages.push(m) }, malformed: () => {}, switchTo: () => {}, disown: () => {} }, { ...DEFAULT_SETTINGS, ciphertextTurns: 'as-answered' })
  const plays: [Side, Uint8Array][] = [[CLIENT, clientHello13()], [SERVER, serverHello13()], [SERVER, data(900)], [CLIENT, FINISHED], [CLIENT, data(77)], [CLIENT, data(30)], [SERVER, data(300)], [SERVER, data(400)], [CLIENT, data(50)]]
  let at = 1
  for (const [side, bytes] of plays) connection.data(side, bytes, at++)
  const turns = (): unknown[] => messages.filter(({ what }) => what === 'ciphertext').map(({ atMicros, elapsedMicros, request, response }) => [atMicros, elapsedMicros, request, response])
  const first = [5, 2, { kind: 'ciphertext', records: 2, bytes: 117, offset: 0, durationMicros: 1 }, { kind: 'ciphertext', records: 1, bytes: 305 }]
  assert.deepEqual(turns(), [first])
  connection.data(SERVER, data(10), at++)
  assert.deepEqual(turns(), [first, [9, 1, { kind: 'ciphertext', records: 1, bytes: 55, offset: 117, durationMicros: 0 }, { kind: 'ciphertext', records: 1, bytes: 15 }]])
  for (const side of [CLIENT, SERVER] as const) connection.end(side, at++)
  assert.equal(turns().length, 2)
})
