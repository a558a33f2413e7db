import assert from 'node:assert/strict'
import test from 'node:test'
import type { HopMessage } from '../mesh/joined-request.ts'
import { handshake, plain } from '../mesh/shop.fixture.ts'
import type { EvidenceLine } from './evidence-line.ts'
import { EvidenceLines } from './evidence-line.ts'
import { LineBytes } from './line-bytes.ts'
import { messageTest } from './message-filter.ts'

function linesOf(seen: readonly HopMessage[], filter?: string): EvidenceLine[] {
  const evidence = new EvidenceLines(false, filter === undefined ? undefined : messageTest(filter))
  const lines = new LineBytes()
  for (const { flow, message } of seen) evidence.add(lines, flow, message)
  return Buffer.from(lines.bytes).toString().trimEnd().split('\n').map((line) => JSON.parse(line) as EvidenceLine)
}

const seen = [
  plain('web', { from: 'web', to: 'ads', port: 1 }, { what: 'GET /a', atMicros: 1 }), handshake('web', { from: 'web', to: 'cart', port: 2 }, 2),
  plain('web', { from: 'web', to: 'ads', port: 3 }, { what: 'GET /b', atMicros: 3 }), plain('web', { from: 'web', to: 'ads', port: 4 }, { what: 'GET /b', atMicros: 4 }),
]

test('the first message of an edge that a filter lets through marks it, and no evidence is left out', () => {
  assert.deepEqual(linesOf(seen, 'what == "GET /b"').map(({ message, chosen }) => [message.what, chosen]), [['GET /a', undefined], [seen[1]!.message.what, undefined], ['GET /b', true], ['GET /b', undefined]])
  assert.deepEqual(linesOf(seen).map(({ chosen }) => chosen), [undefined, undefined, undefined, undefined])
})
