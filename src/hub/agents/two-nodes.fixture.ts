import type { HopMessage } from '../../mesh/joined-request.ts'
import type { Line } from '../../mesh/shop.fixture.ts'
import { clear, handshake, turn } from '../../mesh/shop.fixture.ts'
import type { Micros } from '../../model/time.ts'
import { jsonLine } from '../../tap/json-line.ts'

const LINE: Line = { from: 'web', to: 'cart', port: 50_001 }
const EVERY_MICROS = 10_000
const TURN_BYTES = 300

/** Lines of the agents of two nodes: web on the one calls cart on the other, `GET /cart/N` from `from` on, over one connection of TLS. @param endMicros about when the last of them is over */
export function twoNodes(from: number, count: number, endMicros: Micros): { caller: Uint8Array, called: Uint8Array, lines: number } {
  const atOf = (n: number): Micros => endMicros - (from + count - n) * EVERY_MICROS
  const opened = (place: string): HopMessage[] => from > 0 ? [] : [handshake(place, LINE, atOf(-1), { random: 'c0'.repeat(32) })]
  const calls = Array.from({ length: count }, (_, n) => from + n)
  const caller = calls.flatMap((n) => [crossing('web', n, atOf(n) + 100, 1350), whole(clear('web', 15_001, said(n, atOf(n), 1600)))])
  const called = calls.flatMap((n) => [crossing('cart', n, atOf(n) + 150, 1250), whole(clear('cart', 8080, said(n, atOf(n) + 300, 900)))])
  return { caller: linesOf([...opened('web'), ...caller]), called: linesOf([...opened('cart'), ...called]), lines: 2 * count + opened('web').length }
}

function said(n: number, atMicros: Micros, elapsedMicros: number): { what: string, atMicros: number, elapsedMicros: number } {
  return { what: `GET /cart/${n}`, atMicros, elapsedMicros }
}

/** With as much of HTTP as a description of a service needs. */
function whole({ flow, message }: HopMessage): HopMessage {
  const [method, path] = message.what.split(' ')
  return { flow, message: { ...message, request: { ...message.request, method, path, headers: [{ name: 'Host', value: 'cart' }] }, response: { ...message.response, status: message.status, headers: [] } } }
}

function crossing(place: string, n: number, atMicros: Micros, elapsedMicros: number): HopMessage {
  const { flow, message } = turn(place, LINE, { atMicros, elapsedMicros })
  return { flow, message: { ...message, request: { kind: 'ciphertext', records: 1, bytes: TURN_BYTES, offset: n * TURN_BYTES, durationMicros: 0 } } }
}

function linesOf(messages: readonly HopMessage[]): Uint8Array {
  return Buffer.from(messages.map(({ flow, message }) => `${jsonLine(flow, message)}\n`).join(''))
}
