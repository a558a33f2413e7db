import { X509Certificate, constants, createHash, createVerify, publicDecrypt, verify } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { CLIENT } from '../../model/side.ts'
import type { Side } from '../../model/side.ts'
import { Cursor } from './cursor.ts'
import type { Handshake } from './handshake.ts'
import { MAX_TRANSCRIPT_BYTES } from './limits.ts'
import { SSL_3, TLS_1_2 } from './versions.ts'

const HEADER_BYTES = 4
const HELLO_REQUEST = 0

/** `good`: the key of the certificate made it over what was seen. `bad`: it did not. `unchecked`: parts are missing, or of a kind that is not known here. */
export type SignatureCheck = 'good' | 'bad' | 'unchecked'

/** The public key of a certificate, which may be remembered. May throw. */
export type KeyOf = (der: Uint8Array) => KeyObject

interface Signed { readonly content: Uint8Array, readonly scheme: number | undefined, readonly signature: Uint8Array }

/**
 * What the signatures of TLS 1.2 and before are over: the server's over its key exchange, the client's over all messages before its
 * CertificateVerify (RFC 5246 §7.4.3, §7.4.8). Copies, bounded; beyond the bound nothing can be checked.
 */
export class Transcript {
  #hello: Uint8Array | undefined
  readonly #server: Uint8Array[] = []
  readonly #client: Uint8Array[] = []
  #keyExchange: Uint8Array | undefined
  #verify: Uint8Array | undefined
  #kept = 0
  #cut = false

  /** Of the messages that are kept. */
  get heldBytes(): number {
    return Math.min(this.#kept, MAX_TRANSCRIPT_BYTES)
  }

  /** A message: body in `bytes` from `from` to `to`, its header of 4 bytes in front. */
  add(side: Side, type: number, bytes: Uint8Array, from: number, to: number): void {
    if (this.#verify !== undefined || type === HELLO_REQUEST) return
    this.#kept += to - from + HEADER_BYTES
    if (this.#kept > MAX_TRANSCRIPT_BYTES) {
      this.#cut = true
      return
    }
    const message = bytes.slice(from - HEADER_BYTES, to)
    if (side !== CLIENT) this.#server.push(message)
    else if (this.#hello === undefined) this.#hello = message
    else this.#client.push(message)
  }

  serverSigned(bytes: Uint8Array, from: number, to: number): void {
    this.#keyExchange ??= bytes.slice(from, to)
  }

  /** The CertificateVerify was added like all messages: it is not among what it signs. */
  clientSigned(bytes: Uint8Array, from: number, to: number): void {
    if (this.#verify !== undefined) return
    this.#verify = bytes.slice(from, to)
    this.#client.pop()
  }

  /** Whether the server signed its ephemeral key. Undefined where its suite needs no signature (RSA key exchange). */
  checkServer(handshake: Handshake, keyOf: KeyOf = readKey): SignatureCheck | undefined {
    const hello = handshake.serverHello
    if (hello === undefined || handshake.tls13) return 'unchecked'
    const facts = handshake.keyExchange
    if (facts === undefined) return this.#keyExchange === undefined ? undefined : 'unchecked'
    const length = facts.paramsBytes
    const body = this.#keyExchange
    const random = handshake.clientHello?.random
    if (length === undefined || body === undefined || random === undefined) return 'unchecked'
    const content = Buffer.concat([random, hello.random, body.subarray(0, length)])
    return check(handshake.sides[1].certificates?.ders[0], signedBy(content, body.subarray(length), hello.version), hello.version, keyOf)
  }

  /** Whether the client signed this very handshake with the key of its certificate. */
  checkClient(handshake: Handshake, keyOf: KeyOf = readKey): SignatureCheck {
    const hello = handshake.serverHello
    if (hello === undefined || handshake.tls13 || this.#verify === undefined || this.#hello === undefined || this.#cut) return 'unchecked'
    const content = Buffer.concat([this.#hello, ...this.#server, ...this.#client])
    return check(handshake.sides[CLIENT].certificates?.ders[0], signedBy(content, this.#verify, hello.version), hello.version, keyOf)
  }
}

/** digitally-signed (RFC 5246 §4.7): the scheme, since TLS 1.2, and the signature. */
function signedBy(content: Uint8Array, bytes: Uint8Array, version: number): Signed | undefined {
  const c = new Cursor(bytes, 0, bytes.length)
  const scheme = version >= TLS_1_2 ? c.u16() : undefined
  const signature = c.copy(c.u16())
  return c.ok && c.left === 0 ? { content, scheme, signature } : undefined
}

function readKey(der: Uint8Array): KeyObject {
  return new X509Certificate(der).publicKey
}

function check(der: Uint8Array | undefined, signed: Signed | undefined, version: number, keyOf: KeyOf): SignatureCheck {
  if (der === undefined || signed === undefined || version <= SSL_3) return 'unchecked'
  try {
    const key = keyOf(der)
    const holds = version >= TLS_1_2 ? verifyScheme(key, signed) : verifyBefore12(key, signed)
    return holds === undefined ? 'unchecked' : holds ? 'good' : 'bad'
  } catch {
    return 'unchecked'
  }
}

const HASHES: Readonly<Record<number, string>> = { 2: 'sha1', 3: 'sha224', 4: 'sha256', 5: 'sha384', 6: 'sha512' }
const PSS_HASHES: Readonly<Record<number, string>> = {
  0x0804: 'sha256', 0x0805: 'sha384', 0x0806: 'sha512', 0x0809: 'sha256', 0x080a: 'sha384', 0x080b: 'sha512',
}

/** Schemes of RFC 5246 §7.4.1.4.1 (hash, kind of key) and RFC 8446 §4.2.3. */
function verifyScheme(key: KeyObject, { content, scheme = 0, signature }: Signed): boolean | undefined {
  const pss = PSS_HASHES[scheme]
  if (pss !== undefined) {
    return verify(pss, content, { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST }, signature)
  }
  if (scheme === 0x0807 || scheme === 0x0808) return verify(null, content, key, signature)
  const hash = HASHES[scheme >> 8]
  const kind = ['rsa', 'dsa', 'ec'][(scheme & 0xff) - 1]
  if (hash === undefined || kind === undefined) return undefined
  return key.asymmetricKeyType === kind ? verify(hash, content, key, signature) : false
}

/** RFC 4346 §7.4.3, RFC 4492 §5.4: RSA signs MD5 and SHA-1 together, the others SHA-1. */
function verifyBefore12(key: KeyObject, { content, signature }: Signed): boolean | undefined {
  if (key.asymmetricKeyType !== 'rsa') return createVerify('sha1').update(content).verify(key, signature)
  const digest = Buffer.concat([createHash('md5').update(content).digest(), createHash('sha1').update(content).digest()])
  return digest.equals(publicDecrypt(key, signature))
}
