import { isWord } from '../http/bytes.ts'
import type { Half } from './half.ts'

const APPLICATION = 'application/'
const LOWER_G = 0x67
const LOWER_J = 0x6a

/**
 * May a lens (http/lenses.ts) read what is of this type? Generous, and quick: it is asked for each head, so that plain HTTP does not pay for
 * the lenses. `application/g…` is what gRPC and GraphQL are called; JSON and forms may be GraphQL in requests.
 */
export function isLensType(half: Half, buf: Uint8Array, from: number, to: number): boolean {
  if (from + APPLICATION.length < to && isWord(buf, from, APPLICATION)) {
    const letter = buf[from + APPLICATION.length]! | 0x20
    return letter === LOWER_G || (letter === LOWER_J && half.isRequest)
  }
  return half.isRequest && (isWord(buf, from, 'multipart/form') || isWord(buf, from, 'text/json'))
}
