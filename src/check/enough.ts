import type { Message } from '../model/message.ts'
import { isPreface } from './plain-proof.ts'

/** Readable messages of a connection that are looked at: what else it carries does not make it less plaintext. */
const ENOUGH_READABLE = 4

/** Messages of a connection from which its hops are joined, turns of ciphertext among them: before a clear hop was seen anywhere, and after. */
const ENOUGH_TURNS = 8
const ENOUGH_HOPS = 64

/**
 * Whether no more of a connection need be read: nothing that it may still say changes its verdict. Not where secrets are known.
 * `joinsHops`: there are clear hops, so that what follows may belong to one.
 */
export function isEnough(message: Message, said: number, joinsHops: boolean): boolean {
  if (joinsHops) return said >= ENOUGH_HOPS
  if (message.protocol === 'tls') return said >= ENOUGH_TURNS
  return said >= ENOUGH_READABLE && !isPreface(message)
}
