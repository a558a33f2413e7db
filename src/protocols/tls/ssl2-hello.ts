import { ClientHello } from './client-hello.ts'
import { Cursor } from './cursor.ts'
import { MAX_LIST, MAX_SSL2_HELLO_BYTES } from './limits.ts'
import { SSL_2, SSL_3, TLS_1_3 } from './versions.ts'

const CLIENT_HELLO = 1
const SERVER_HELLO = 4
/** Message type and version, which the first 5 bytes of the stream hold already. */
export const SSL2_HEADER_BYTES = 5

/**
 * Length of the record after its 2-byte header, when these 5 bytes begin a CLIENT-HELLO of SSL 2.0, which clients sent until
 * about 2010 to reach old servers whatever version they wanted (RFC 6101 appendix E); -1 when they do not.
 */
export function ssl2ClientHelloBytes(b0: number, b1: number, b2: number, b3: number, b4: number): number {
  const version = b3 << 8 | b4
  const known = version === SSL_2 || (version >= SSL_3 && version < TLS_1_3)
  const length = (b0 & 0x7f) << 8 | b1
  return (b0 & 0x80) !== 0 && b2 === CLIENT_HELLO && known && length >= 9 && length <= MAX_SSL2_HELLO_BYTES ? length : -1
}

/** Whether these 5 bytes begin a SERVER-HELLO of SSL 2.0: type, session id hit, certificate type. */
export function isSsl2ServerHello(b0: number, b1: number, b2: number, b3: number, b4: number): boolean {
  const length = (b0 & 0x7f) << 8 | b1
  return (b0 & 0x80) !== 0 && b2 === SERVER_HELLO && b3 <= 1 && b4 <= 1 && length >= 11
}

/** The rest of a CLIENT-HELLO of SSL 2.0 behind type and version. */
export function parseSsl2ClientHello(version: number, bytes: Uint8Array, at: number, end: number): ClientHello {
  const hello = new ClientHello()
  const c = new Cursor(bytes, at, end)
  hello.ssl2 = true
  hello.bytes = end - at + 3
  hello.legacyVersion = version
  const suitesBytes = c.u16()
  const sessionIdBytes = c.u16()
  const challengeBytes = c.u16()
  const suites = c.part(suitesBytes)
  while (suites.left >= 3 && hello.suites.length < MAX_LIST) hello.suites.push(suites.u24())
  hello.sessionId = c.copy(sessionIdBytes)
  hello.random = c.copy(challengeBytes)
  if (!c.ok) hello.malformed = 'client hello of SSL 2.0 is shorter than its fields say'
  return hello
}

/** Cipher kinds of SSL 2.0 (three bytes); those above 0x00ffff are its own, the others are TLS suites. */
const SSL2_SUITES: Readonly<Record<number, string>> = {
  0x010080: 'SSL2_RC4_128_WITH_MD5', 0x020080: 'SSL2_RC4_128_EXPORT40_WITH_MD5', 0x030080: 'SSL2_RC2_128_CBC_WITH_MD5',
  0x040080: 'SSL2_RC2_128_CBC_EXPORT40_WITH_MD5', 0x050080: 'SSL2_IDEA_128_CBC_WITH_MD5', 0x060040: 'SSL2_DES_64_CBC_WITH_MD5',
  0x0700c0: 'SSL2_DES_192_EDE3_CBC_WITH_MD5',
}

export function ssl2SuiteName(kind: number): string | undefined {
  return SSL2_SUITES[kind]
}
