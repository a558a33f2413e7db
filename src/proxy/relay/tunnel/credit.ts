import type { RelayLoop } from '../loop.ts'
import { FIRST_CREDIT, FRAME } from './frame.ts'
import type { Stream } from './tunnel.ts'

/** A stream that is read as fast as it comes is given so much: the round trip of a far peer times its rate. */
const MAX_WINDOW = 4 * 1024 * 1024
/** What all streams of a thread have beyond the first credit. */
const MAX_GROWTH_BYTES = 64 * 1024 * 1024

/** How much more than the first credit the streams of a thread have been given. */
export class CreditPot {
  #left = MAX_GROWTH_BYTES

  /** Twice the window, where that is allowed and there is enough; how much that is more. */
  grow(stream: Stream): number {
    const more = Math.min(stream.window, MAX_WINDOW - stream.window)
    if (more > this.#left) return 0
    this.#left -= more
    stream.window += more
    return more
  }

  /** Half the window; how much less that is. */
  shrink(stream: Stream): number {
    const less = Math.min(stream.owed, (stream.window - FIRST_CREDIT + 1) >> 1)
    this.#left += less
    stream.window -= less
    return less
  }

  /** The stream is over. */
  giveBack(stream: Stream): void {
    this.#left += stream.window - FIRST_CREDIT
    stream.window = FIRST_CREDIT
  }
}

/**
 * Bytes of a stream were handed on: the other side may send as many again. Told in portions, or each answer would be followed by a frame.
 * `waitingBytes`: what was not handed on yet. Where nothing waits the window is doubled, up to MAX_WINDOW: it may be what holds the sender
 * back. Where much waits the app is slower, and a smaller window costs less memory and no time.
 */
export function giveCredit(loop: RelayLoop, stream: Stream, count: number, waitingBytes: number): void {
  stream.owed += count
  if (stream.owed < stream.window >> 1) return
  const { credit } = loop.tunnels
  const given = waitingBytes === 0 ? stream.owed + credit.grow(stream) : waitingBytes > FIRST_CREDIT ? stream.owed - credit.shrink(stream) : stream.owed
  stream.owed = 0
  if (given === 0) return
  stream.allowed += given
  loop.tunnels.tell(stream.tunnel, FRAME.credit, stream.id, given)
}
