/** LINKTYPE_ values of https://www.tcpdump.org/linktypes.html. */
export const LINKTYPE_ETHERNET = 1
export const LINKTYPE_RAW = 101
export const LINKTYPE_LINUX_SLL = 113

const ARPHRD_ETHER = 1
const ARPHRD_LOOPBACK = 772
/** Links that carry IP and nothing else; what some of them put before it has no fixed form, so frames begin at the IP header. */
const IP_ONLY = new Set([
  512, // PPP
  519, // RAWIP
  768, // TUNNEL
  769, // TUNNEL6
  776, // SIT
  778, // IPGRE
  823, // IP6GRE
  65534, // NONE: tun, WireGuard
])

const COOKED_HEADER = 16
/** Of struct tpacket3_hdr: where struct sockaddr_ll begins. */
const SLL = 48

/** How frames of an ARPHRD_ hardware type are handed out: Ethernet, raw IP, or with a cooked header (LINKTYPE_LINUX_SLL). */
export function linkTypeOf(hardwareType: number): number {
  if (hardwareType === ARPHRD_ETHER || hardwareType === ARPHRD_LOOPBACK) return LINKTYPE_ETHERNET
  return IP_ONLY.has(hardwareType) ? LINKTYPE_RAW : LINKTYPE_LINUX_SLL
}

/**
 * Writes the header of LINKTYPE_LINUX_SLL in front of the network layer of the ring's frame at `at`: packet type,
 * ARPHRD_ type, length of the address, 8 bytes of address, protocol; all big-endian. Returns its length.
 * The kernel keeps at least 28 bytes free there: its own header ends at 68, the network layer begins at 96 or later.
 */
export function writeCookedHeader(bytes: Uint8Array, at: number, net: number): number {
  const sll = at + SLL
  const to = at + net - COOKED_HEADER
  const protocolHigh = bytes[sll + 2]
  const protocolLow = bytes[sll + 3]
  const addressLength = bytes[sll + 11]
  bytes[to] = 0
  bytes[to + 1] = bytes[sll + 10]
  bytes[to + 2] = bytes[sll + 9]
  bytes[to + 3] = bytes[sll + 8]
  bytes[to + 4] = 0
  bytes[to + 5] = addressLength
  bytes.copyWithin(to + 6, sll + 12, sll + 20)
  bytes[to + 14] = protocolHigh
  bytes[to + 15] = protocolLow
  return COOKED_HEADER
}
