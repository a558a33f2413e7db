// What it costs to read a request and its response out of bytes that are already in order, in nanoseconds a pair.
//   node bench/micro/http2.ts [--pairs N]
import { parseArgs } from 'node:util'
import type { Message } from '../../src/model/message.ts'
import { CLIENT, SERVER } from '../../src/model/side.ts'
import { Conversation } from '../../src/protocols/conversation.ts'
import type { Fields } from '../../src/protocols/http2/frames.fixture.ts'
import { bytesOf, data, get, headers, post, preface, settings, status } from '../../src/protocols/http2/frames.fixture.ts'
import { http2 } from '../../src/protocols/http2/http2.ts'
import { DEFAULT_SETTINGS } from '../../src/protocols/protocol.ts'

const ROUNDS = 7
const { values } = parseArgs({ options: { pairs: { type: 'string', default: '100000' } } })
const pairs = Number(values.pairs)

/** Bytes of a request and of its response. */
type Pair = readonly [Uint8Array, Uint8Array]

const GRPC: Fields = [['content-type', 'application/grpc'], ['te', 'trailers'], ['user-agent', 'grpc-go/1.68.0']]

/** As the encoders of two peers that know each other for a while would send them. */
function pairsOf(request: (id: number, table: [string, string][]) => Uint8Array, response: (id: number, table: [string, string][]) => Uint8Array): Pair[] {
  const [client, server]: [string, string][][] = [[], []]
  return Array.from({ length: pairs }, (_, i) => [request(i * 2 + 1, client!), response(i * 2 + 1, server!)])
}

const TRAFFIC: Record<string, Pair[]> = {
  'GET, small JSON': pairsOf(
    (id, table) => headers(id, get(`/api/cart/${id % 50}`, ['accept', 'application/json'], ['user-agent', 'curl/8.1']), true, { table }),
    (id, table) => bytesOf(headers(id, status(200, ['content-type', 'application/json'], ['server', 'envoy']), false, { table }), data(id, '{"id":7,"items":[]}', true))),
  'gRPC unary': pairsOf(
    (id, table) => bytesOf(headers(id, post('/shop.Cart/Get', ...GRPC), false, { table }), data(id, '\0\0\0\0\x04\x0a\x02ab', true)),
    (id, table) => bytesOf(headers(id, status(200, ['content-type', 'application/grpc']), false, { table }), data(id, '\0\0\0\0\x04\x0a\x02ab'),
      headers(id, [['grpc-status', '0'], ['grpc-message', '']], true, { table }))),
}

const READERS: Record<string, (m: Message) => number> = {
  'nothing': () => 1,
  'a line': (m) => m.what.length + (m.elapsedMicros ?? 0) + String(m.status).length + m.outcome.length + m.protocol.length,
  'JSON': (m) => JSON.stringify([m.what, m.status, m.request, m.response, m.notes]).length,
}

let kept = 0

function run(traffic: readonly Pair[], bodyLimitBytes: number, read: (m: Message) => number): number {
  const conversation = new Conversation({ message: (m) => { kept += read(m) }, malformed: (_, __, what) => { throw new Error(what) } },
    { protocols: [http2], settings: { ...DEFAULT_SETTINGS, bodyLimitBytes }, serverPort: 80, joinedLate: () => false })
  conversation.data(CLIENT, bytesOf(preface(), settings()), 1)
  conversation.data(SERVER, settings(), 1)
  const start = process.cpuUsage()
  let at = 1_000_000
  for (const [request, response] of traffic) {
    conversation.data(CLIENT, request, at += 10)
    conversation.data(SERVER, response, at += 10)
  }
  const { user, system } = process.cpuUsage(start)
  return (user + system) * 1000 / traffic.length
}

for (const [name, traffic] of Object.entries(TRAFFIC)) {
  for (const bodyLimitBytes of [0, 64 * 1024]) {
    for (const [reader, read] of Object.entries(READERS)) {
      const times = Array.from({ length: ROUNDS }, () => run(traffic, bodyLimitBytes, read)).toSorted((a, b) => a - b)
      console.log(`${name.padEnd(18)} body limit ${String(bodyLimitBytes).padStart(5)}  read: ${reader.padEnd(8)} ${times[ROUNDS >> 1]!.toFixed(0).padStart(7)} ns a pair`)
    }
  }
}
if (kept === 0) process.exitCode = 1
