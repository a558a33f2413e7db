import { typeName } from './codes.ts'
import { formattedData } from './data-format.ts'
import { location } from './data-location.ts'
import { DataReader } from './data-reader.ts'
import { service } from './data-service.ts'
import { addressPrefixes, hostIdentity, ipsecKey, multicastRelay } from './data-special.ts'
import { MAX_DATA_BYTES } from './limits.ts'

export interface DataText {
  readonly text: string
  /** It does not fit its type; `text` is that of an unknown type. */
  readonly malformed: boolean
  /** Only the first MAX_DATA_BYTES are shown. */
  readonly truncated: boolean
}

const SPECIAL: Record<string, (r: DataReader) => string | undefined> = {
  LOC: location, SVCB: service, HTTPS: service, APL: addressPrefixes, IPSECKEY: ipsecKey, AMTRELAY: multicastRelay, HIP: hostIdentity,
}

/** The data of a record, bytes[at, end) of the message that begins at `start`, in its presentation form; RFC 3597 §5 where it has none. */
export function dataText(type: number, bytes: Uint8Array, start: number, at: number, end: number): DataText {
  const size = end - at
  if (size > MAX_DATA_BYTES) return { text: unknown(bytes, at, at + MAX_DATA_BYTES, size), malformed: false, truncated: true }
  const name = typeName(type)
  const reader = new DataReader(bytes, start, at, end)
  const special = SPECIAL[name]
  // Empty data says in an UPDATE that a name or a set of records is meant (RFC 2136 §2.4).
  const text = size === 0 ? '' : special === undefined ? formattedData(name, reader) : special(reader)
  if (text !== undefined && !reader.failed && reader.left === 0) return { text, malformed: false, truncated: false }
  return { text: unknown(bytes, at, end, size), malformed: text !== undefined, truncated: false }
}

function unknown(bytes: Uint8Array, at: number, end: number, size: number): string {
  return `\\# ${size} ${Buffer.from(bytes.buffer, bytes.byteOffset + at, end - at).toString('hex')}`.trimEnd()
}
