import type { HopJoinOptions } from './hop-join.ts'
import { HopJoin } from './hop-join.ts'
import type { HopMessage, JoinedRequest } from './joined-request.ts'
import type { Line } from './shop.fixture.ts'
import { clear, handshake, turn } from './shop.fixture.ts'

export const WEB_CART: Line = { from: 'web', to: 'cart', port: 50_001 }

/** All that a join makes of these messages. */
export function joined(messages: HopMessage[], options: HopJoinOptions = {}): JoinedRequest[] {
  const requests: JoinedRequest[] = []
  const join = new HopJoin((request) => requests.push(request), options)
  for (const seen of messages) join.add(seen)
  join.end()
  return requests
}

/** A request from web to cart that begins at `at`, on a connection that is there already, with its turn. */
export function webToCart(at: number, what = 'GET /cart/7', line = WEB_CART): HopMessage[] {
  return [
    clear('cart', 8080, { what, atMicros: at + 300, elapsedMicros: 1000 }),
    clear('web', 9001, { what, atMicros: at, elapsedMicros: 1600 }),
    turn('web', line, { atMicros: at + 100, elapsedMicros: 1350 }),
    turn('cart', line, { atMicros: at + 120, elapsedMicros: 1310 }),
  ]
}

export function opened(line: Line, request?: object, response?: object): HopMessage[] {
  return [handshake(line.from, line, 10, request, response), handshake(line.to, line, 20, request, response)]
}

export function kinds(request: JoinedRequest): string {
  return request.hops.map((hop) => `${hop.kind} ${hop.seenIn.join('+')}`).join(' | ')
}
