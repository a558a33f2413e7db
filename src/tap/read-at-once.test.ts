// Messages whose objects serve again say what messages say that are kept, whatever came before them, and wherever their bytes lay.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from '#property'
import type { FlowInfo } from '../model/flow.ts'
import type { Message } from '../model/message.ts'
import { CLIENT, SERVER } from '../model/side.ts'
import { Conversation } from '../protocols/conversation.ts'
import type { Step } from '../protocols/contract.fixture.ts'
import { http1 } from '../protocols/http1/http1.ts'
import { SAMPLES, answer, ask } from '../protocols/http1/samples.fixture.ts'
import type { Settings } from '../protocols/protocol.ts'
import { DEFAULT_SETTINGS } from '../protocols/protocol.ts'
import { CompactLines } from './compact-line.ts'
import { JsonLines, jsonLine } from './json-line.ts'
import { LineBytes } from './line-bytes.ts'

const flow: FlowInfo = { id: '1', client: { ip: '10.0.0.1', port: 40000 }, server: { ip: '10.0.0.2', port: 80 }, capture: 'netns', namespace: 'web', hop: 'wire', firstMicros: 0 }
const compact = { colour: false, utc: true } as const

const head = 'HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: '
const bodies = ['hello', '<p class="a">\\ \u007f\t\n</p>', 'caf\u00e9', 'a\u0000b', 'x'.repeat(300)]
const repeated: Step[][] = bodies.flatMap((body) => [
  [ask('GET / HTTP/1.1\r\nHost: a\r\n\r\n'), answer(`${head}${Buffer.byteLength(body)}\r\n\r\n${body}`)],
  [ask(`POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`), answer('HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n')],
])
const connections: Step[][] = [...SAMPLES.map((sample) => [...sample.steps]), ...repeated, repeated.flat(), [...repeated[0]!, ...repeated[0]!, ...repeated[1]!, ...repeated[0]!]]

const texts = (lines: LineBytes): string => Buffer.from(lines.bytes).toString()

/** Each message alone, by the plain way. */
function plainLine(m: Message, isJson: boolean): string {
  const lines = new LineBytes()
  if (isJson) lines.line(jsonLine(flow, m))
  else new CompactLines(compact).add(lines, flow, m)
  return texts(lines)
}

function talk(settings: Settings, tell: (m: Message) => void): Conversation {
  return new Conversation({ message: tell, malformed: () => {} }, { protocols: [http1], settings, serverPort: 80, joinedLate: () => false })
}

/** What one place of memory holds changes with each piece. */
function feed(conversation: Conversation, steps: readonly Step[], cuts: readonly number[], lost: number, memory: Uint8Array): void {
  let piece = 0
  for (const { side, bytes, at } of steps) {
    for (let from = 0; from < bytes.length; piece++) {
      const to = Math.min(bytes.length, from + cuts[piece % cuts.length]!)
      const start = piece % 5
      memory.fill(0x58).set(bytes.subarray(from, to), start)
      if (piece === lost) conversation.gap(side, to - from, at)
      else conversation.dataIn(side, memory, start, start + to - from, at + piece)
      from = to
    }
  }
  memory.fill(0x58)
  conversation.end(CLIENT, 1e6)
  conversation.end(SERVER, 1e6)
}

const cuts = fc.oneof(fc.constant([1 << 20]), fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 1, maxLength: 5 }))
const plays = fc.array(fc.tuple(fc.nat(connections.length - 1), cuts, fc.oneof(fc.constant(-1), fc.nat(10))), { minLength: 1, maxLength: 12 })

for (const [isJson, limits] of [[true, {}], [true, { bodyLimitBytes: 100 }], [false, { bodyLimitBytes: 0, details: false }], [false, {}]] as const) {
  test(`one by one or again and again, the lines are the same: ${isJson ? 'JSON' : 'compact'}, ${JSON.stringify(limits)}`, () => {
    fc.assert(fc.property(plays, (played) => {
      const shared: Settings = { ...DEFAULT_SETTINGS, ...limits, readAtOnce: true }
      const maker = isJson ? new JsonLines() : new CompactLines(compact)
      const memory = new Uint8Array(1 << 20)
      for (const [which, sizes, lost] of played) {
        const expected: string[] = []
        const found: string[] = []
        feed(talk({ ...DEFAULT_SETTINGS, ...limits }, (m) => expected.push(plainLine(m, isJson))), connections[which]!, sizes, lost, memory)
        feed(talk(shared, (m) => {
          const out = new LineBytes()
          maker.add(out, flow, m)
          found.push(texts(out))
        }), connections[which]!, sizes, lost, memory)
        assert.deepEqual(found, expected)
      }
    }), { numRuns: 25 })
  })
}

test('messages that are kept are not changed by those that follow', () => {
  const kept: { m: Message, line: string }[] = []
  const conversation = talk(DEFAULT_SETTINGS, (m) => kept.push({ m, line: jsonLine(flow, m) }))
  feed(conversation, repeated.flat(), [1 << 20], -1, new Uint8Array(1 << 20))
  assert.equal(kept.length, repeated.length)
  for (const { m, line } of kept) assert.equal(jsonLine(flow, m), line)
})
