import { formatAddress, parseAddress } from './address.ts'
import { paddedBytes, textOf } from './pcapng-options.ts'

const END_OF_RECORDS = 0
const IPV4_RECORD = 1
const IPV6_RECORD = 2
/** Names of one address beyond this are left out. */
const MAX_NAMES = 64
const MAX_RECORD_BYTES = 65_535

/**
 * Records of a name resolution block in `buf[offset, end)`, draft-ietf-opsawg-pcapng §4.5: type (16 bits), length (16 bits),
 * then the address and its names, each ended by a NUL. Ends quietly at a record that is broken.
 */
export function parseNames(
  buf: Uint8Array, view: DataView, offset: number, end: number, little: boolean, found: (ip: string, names: string[]) => void,
): void {
  let at = offset
  while (end - at >= 4) {
    const type = view.getUint16(at, little)
    const length = view.getUint16(at + 2, little)
    const value = at + 4
    if (type === END_OF_RECORDS || value + length > end) return
    if (type === IPV4_RECORD && length >= 4) {
      found(formatAddress(4, 0, 0, 0, view.getUint32(value)), namesIn(buf, value + 4, value + length))
    } else if (type === IPV6_RECORD && length >= 16) {
      found(ipv6Text(view, value), namesIn(buf, value + 16, value + length))
    }
    at = value + paddedBytes(length)
  }
}

/** An address and what it is called. */
export interface NameRecord { readonly ip: string, readonly names: readonly string[] }

/** Records as parseNames reads them, little endian, with the record that ends them. What is no address is left out. */
export function encodeNames(records: readonly NameRecord[]): Uint8Array {
  const parts = records.flatMap(encodeRecord)
  return new Uint8Array(Buffer.concat([...parts, Buffer.alloc(4)]))
}

function encodeRecord({ ip, names }: NameRecord): Buffer[] {
  const address = parseAddress(ip)
  if (address === undefined) return []
  const words = address.version === 4 ? address.words.slice(3) : address.words
  const value = Buffer.concat([...words.map(bigEndian), ...names.map((name) => Buffer.from(`${name.replaceAll('\0', '')}\0`))])
  if (value.length > MAX_RECORD_BYTES) return []
  const head = Buffer.alloc(4)
  head.writeUInt16LE(address.version === 4 ? IPV4_RECORD : IPV6_RECORD, 0)
  head.writeUInt16LE(value.length, 2)
  return [head, value, Buffer.alloc(paddedBytes(value.length) - value.length)]
}

function bigEndian(word: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(word >>> 0)
  return bytes
}

/** Addresses are in network order whatever the order of the section. */
function ipv6Text(view: DataView, at: number): string {
  return formatAddress(6, view.getUint32(at), view.getUint32(at + 4), view.getUint32(at + 8), view.getUint32(at + 12))
}

function namesIn(buf: Uint8Array, offset: number, end: number): string[] {
  const names: string[] = []
  let at = offset
  while (at < end && names.length < MAX_NAMES) {
    const nul = buf.subarray(at, end).indexOf(0)
    const stop = nul === -1 ? end : at + nul
    if (stop > at) names.push(textOf(buf, at, stop))
    at = stop + 1
  }
  return names
}
