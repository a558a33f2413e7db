import { X509Certificate, createPrivateKey } from 'node:crypto'
import { MtlscopeError } from '../base/errors.ts'
import type { IdentityMaterial } from './material.ts'

/** An answer of FetchX509SVID: `svids` is field 1, of each the id is field 1, chain 2, key 3, bundle 4 (SPIFFE Workload API §5). */
const SVIDS = 1
const CHAIN = 2
const KEY = 3
const BUNDLE = 4
const LENGTH_DELIMITED = 2
const SEQUENCE = 0x30
const MAX_VARINT_BYTES = 10

/** The first SVID of an X509SVIDResponse, which is the one to use where the workload has no wish. Throws 'bad-identity'. */
export function parseSvidResponse(message: Uint8Array): IdentityMaterial {
  const svid = bytesFields(message, SVIDS)[0]
  if (svid === undefined) throw bad('it has no SVID')
  const [chain, key, bundle] = [CHAIN, KEY, BUNDLE].map((field) => bytesFields(svid, field).at(-1))
  if (chain === undefined || key === undefined || bundle === undefined) throw bad('its SVID lacks chain, key or bundle')
  try {
    return {
      keyPem: createPrivateKey({ key: Buffer.from(key), format: 'der', type: 'pkcs8' }).export({ format: 'pem', type: 'pkcs8' }) as string,
      chainPem: pemOf(chain), bundlePem: pemOf(bundle),
    }
  } catch (cause) {
    throw cause instanceof MtlscopeError ? cause : bad('its key or certificates cannot be understood', cause)
  }
}

/** Values of a length-delimited field, in order. https://protobuf.dev/programming-guides/encoding/ */
function bytesFields(message: Uint8Array, wanted: number): Uint8Array[] {
  const found: Uint8Array[] = []
  for (let at = 0; at < message.length;) {
    const [tag, afterTag] = varint(message, at)
    const [length, start] = lengthOf(message, tag & 7, afterTag)
    if (start + length > message.length) throw bad('it is cut short')
    if (tag >>> 3 === wanted && (tag & 7) === LENGTH_DELIMITED) found.push(message.subarray(start, start + length))
    at = start + length
  }
  return found
}

/** How long a value is, and where it starts. */
function lengthOf(message: Uint8Array, wireType: number, at: number): [length: number, start: number] {
  if (wireType === 0) return [0, varint(message, at)[1]]
  if (wireType === 1) return [8, at]
  if (wireType === LENGTH_DELIMITED) return varint(message, at)
  if (wireType === 5) return [4, at]
  throw bad('it is no protobuf message')
}

function varint(message: Uint8Array, start: number): [value: number, next: number] {
  let value = 0
  for (let n = 0; n < MAX_VARINT_BYTES; n++) {
    const byte = message[start + n]
    if (byte === undefined) throw bad('it is cut short')
    value += (byte & 0x7f) * 2 ** (7 * n)
    if (byte < 0x80) return [value, start + n + 1]
  }
  throw bad('it is no protobuf message')
}

/** Certificates in DER, one after the other, as PEM. */
function pemOf(der: Uint8Array): string {
  let text = ''
  for (let at = 0; at < der.length;) {
    const length = derLength(der, at)
    text += new X509Certificate(Buffer.from(der.subarray(at, at + length))).toString()
    at += length
  }
  return text
}

/** X.690 §8.1.3: bytes of the value at `at`, its header included. */
function derLength(der: Uint8Array, at: number): number {
  const first = der[at + 1] ?? 0
  const more = first < 0x80 ? 0 : first & 0x7f
  let length = first < 0x80 ? first : 0
  for (let i = 0; i < more; i++) length = length * 256 + (der[at + 2 + i] ?? 0)
  const total = 2 + more + length
  if (der[at] !== SEQUENCE || more > 4 || first === 0x80 || at + total > der.length) throw bad('its certificates are not DER')
  return total
}

function bad(why: string, cause?: unknown): MtlscopeError {
  return new MtlscopeError('bad-identity', `the answer of the Workload API is of no use: ${why}`, { cause })
}
