import type { RequestHalf } from '../model/api.ts'
import type { Exchange } from './exchange.ts'
import type { CrossedBy } from './turn-search.ts'

/** Digits of the client's random that a key holds: 128 bits. */
const RANDOM_DIGITS = 32

/**
 * What tells a request on its way between two places from all others, where one of them alone was seen. The key is the same at both ends: which connection (the random of its
 * ClientHello, whatever translates its addresses), and how much the client had said on it when the answer began. `doubt`: why there is none.
 */
export function crossingOf({ role, turns, connection }: CrossedBy, exchange: Exchange): RequestHalf {
  const first = turns[0]!
  const last = turns.at(-1)!
  const doubt = (why: RequestHalf['doubt']): RequestHalf => ({ side: role, doubt: why })
  if (exchange.hasTwin) return doubt('alike')
  const isAround = role === 'client' ? last.endMicros <= exchange.endMicros : last.endMicros >= exchange.endMicros
  if (!isAround || first.clientRecords === 0) return doubt('turns')
  if (connection.random === undefined) return doubt('joined-late')
  if (first.offset === undefined) return doubt('lost')
  return { side: role, key: `${connection.random.slice(0, RANDOM_DIGITS)}.${first.offset + first.clientBytes}` }
}
