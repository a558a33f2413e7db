import { randomBytes } from 'node:crypto'
import { CODE_LENGTHS, huffmanCodes } from '../../protocols/http2/huffman-code.ts'

const RANDOM_BYTES = 15
/** Letters and digits of 5 and 6 bits in HPACK's code, all of which every encoding of HTTP leaves as they are. */
const ALPHABET = '0123456789abcdefghijklmnopqrstuv'

/** Something that is nowhere else: 24 characters, 120 bits of chance. Not a secret, since it is meant to be found. */
export function makeToken(): string {
  let text = ''
  let bits = BigInt(`0x${randomBytes(RANDOM_BYTES).toString('hex')}`)
  for (let n = 0; n < RANDOM_BYTES * 8 / 5; n++, bits >>= 5n) text += ALPHABET[Number(bits & 31n)]
  return text
}

/** A form in which somebody could read the token. */
export interface TokenForm { readonly name: 'clear' | 'hpack', readonly bytes: Uint8Array }

/**
 * As it is sent, and as HTTP/2 without TLS would carry it: a header value of its own, in HPACK's Huffman code (RFC 7541 §5.2). The last
 * byte of that is left out, since what follows the value fills it up.
 */
export function tokenForms(token: string): TokenForm[] {
  return [{ name: 'clear', bytes: Buffer.from(token, 'latin1') }, { name: 'hpack', bytes: huffmanStart(token) }]
}

function huffmanStart(text: string): Uint8Array {
  const codes = huffmanCodes()
  let bits = ''
  for (const byte of Buffer.from(text, 'latin1')) bits += codes[byte]!.toString(2).padStart(CODE_LENGTHS[byte]!, '0')
  return Uint8Array.from({ length: Math.floor(bits.length / 8) }, (_, n) => Number.parseInt(bits.slice(8 * n, 8 * n + 8), 2))
}
