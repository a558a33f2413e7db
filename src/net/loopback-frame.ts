import { LINKTYPE_ETHERNET, LINKTYPE_LINUX_SLL, LINKTYPE_LINUX_SLL2, LINKTYPE_LOOP, LINKTYPE_NULL } from './link-types.ts'

/** ARPHRD_LOOPBACK of linux/if_arp.h. */
const ARPHRD_LOOPBACK = 772
const SLL_HARDWARE_AT = 2
const SLL2_HARDWARE_AT = 8
const MAC_BYTES = 6

/**
 * Whether a frame says of itself that it was captured on a loopback interface, for captures that do not name it: Linux gives such frames no
 * addresses, and cooked captures have the kind of the interface in their header. `buf` has a whole link header at `offset`, or counts as none.
 */
export function isLoopbackFrame(buf: Uint8Array, offset: number, linkType: number): boolean {
  switch (linkType) {
    case LINKTYPE_ETHERNET: return isZero(buf, offset, 2 * MAC_BYTES)
    case LINKTYPE_LINUX_SLL: return number16(buf, offset + SLL_HARDWARE_AT) === ARPHRD_LOOPBACK
    case LINKTYPE_LINUX_SLL2: return number16(buf, offset + SLL2_HARDWARE_AT) === ARPHRD_LOOPBACK
    default: return linkType === LINKTYPE_NULL || linkType === LINKTYPE_LOOP
  }
}

function isZero(buf: Uint8Array, from: number, count: number): boolean {
  for (let i = from; i < from + count; i++) if (buf[i] !== 0) return false
  return true
}

function number16(buf: Uint8Array, at: number): number {
  return (buf[at] ?? 0) << 8 | (buf[at + 1] ?? 0)
}
