import { formatAddress } from './address.ts'
import { paddedBytes, textOf } from './pcapng-options.ts'

const END_OF_RECORDS = 0
const IPV4_RECORD = 1
const IPV6_RECORD = 2
/** Names of one address beyond this are left out. */
const MAX_NAMES = 64

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
