// What it costs to read a request and its response out of bytes that are already in order, in nanoseconds a pair.
//   node bench/micro/http1.ts [--pairs N]
import { parseArgs } from 'node:util'
import type { Message } from '../../src/model/message.ts'
import { CLIENT, SERVER } from '../../src/model/side.ts'
import { Conversation } from '../../src/protocols/conversation.ts'
import { http1 } from '../../src/protocols/http1/http1.ts'
import type { Settings } from '../../src/protocols/protocol.ts'
import { DEFAULT_SETTINGS } from '../../src/protocols/protocol.ts'

interface Traffic { name: string, request: Uint8Array, responses: Uint8Array[] }

const ROUNDS = 7
const { values } = parseArgs({ options: { pairs: { type: 'string', default: '200000' } } })
const pairs = Number(values.pairs)

const bytes = (text: string): Uint8Array => Buffer.from(text, 'latin1')

const browserGet = bytes('GET /api/cart/7?full=1 HTTP/1.1\r\nHost: cart.shop.svc.cluster.local:8080\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64)'
  + ' AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36\r\nAccept: application/json\r\nAccept-Encoding: gzip, deflate, br\r\n'
  + 'x-request-id: 3f1c0a52-8d0b-4f7e-9a55-0b1d7c2f9e10\r\nx-forwarded-proto: https\r\nConnection: keep-alive\r\n\r\n')
const smallJson = bytes('HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 62\r\nDate: Sat, 21 Nov 2026 10:00:00 GMT\r\n'
  + 'Server: envoy\r\nx-envoy-upstream-service-time: 3\r\nConnection: keep-alive\r\n\r\n' + '{"id":7,"items":[{"sku":"a-1","count":2}],"currency":"EUR"}   ')
const post = bytes('POST /reserve HTTP/1.1\r\nHost: stock\r\nContent-Type: application/json\r\nContent-Length: 26\r\n\r\n{"sku":"a-1","count":2   }')
const created = bytes('HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n12\r\n{"reservation":91}\r\n0\r\n\r\n')
const wrkGet = bytes('GET / HTTP/1.1\r\nHost: 10.0.0.2:8080\r\n\r\n')
const nginx = bytes('HTTP/1.1 200 OK\r\nServer: nginx/1.22.1\r\nDate: Sat, 21 Nov 2026 10:00:00 GMT\r\nContent-Type: text/plain\r\nContent-Length: 12\r\n'
  + 'Connection: keep-alive\r\n\r\nhello world\n')
const bulkHead = bytes('HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nContent-Length: 146000\r\n\r\n')

const TRAFFIC: readonly Traffic[] = [
  { name: 'wrk and nginx', request: wrkGet, responses: [nginx] },
  { name: 'browser-like GET, JSON', request: browserGet, responses: [smallJson] },
  { name: 'POST, chunked answer', request: post, responses: [created] },
  { name: 'GET, 146 kB in 100 segments', request: wrkGet, responses: [bulkHead, ...Array.from({ length: 100 }, () => new Uint8Array(1460))] },
]

/** What a reader of the output does with a message. */
const READERS: Record<string, (m: Message) => number> = {
  'nothing': () => 1,
  'a line': (m) => m.what.length + (m.elapsedMicros ?? 0) + Number(m.status) + m.outcome.length,
  'JSON': (m) => JSON.stringify([m.what, m.status, m.request, m.response, m.notes]).length,
}

let kept = 0

function run(traffic: Traffic, settings: Settings, read: (m: Message) => number, count: number): number {
  const conversation = new Conversation({ message: (m) => { kept += read(m) }, malformed: () => { throw new Error('malformed') } },
    { protocols: [http1], settings, serverPort: 80, joinedLate: () => false })
  const start = process.cpuUsage()
  let at = 1_000_000
  for (let i = 0; i < count; i++) {
    conversation.data(CLIENT, traffic.request, at += 10)
    for (const response of traffic.responses) conversation.data(SERVER, response, at += 10)
  }
  const { user, system } = process.cpuUsage(start)
  return (user + system) * 1000 / count
}

function median(numbers: number[]): number {
  return numbers.sort((a, b) => a - b)[Math.floor(numbers.length / 2)]!
}

for (const traffic of TRAFFIC) {
  for (const bodyLimitBytes of [0, 64 * 1024]) {
    for (const [reader, read] of Object.entries(READERS)) {
      const count = Math.ceil(pairs / traffic.responses.length / (reader === 'JSON' ? 10 : 1))
      const settings = { ...DEFAULT_SETTINGS, bodyLimitBytes, ciphertextTurns: false }
      const times = Array.from({ length: ROUNDS }, () => run(traffic, settings, read, count))
      console.log(`${traffic.name.padEnd(28)} body limit ${String(bodyLimitBytes).padStart(5)}  read: ${reader.padEnd(8)} ${Math.round(median(times)).toString().padStart(7)} ns a pair`)
    }
  }
}
if (kept === 0) process.exitCode = 1
