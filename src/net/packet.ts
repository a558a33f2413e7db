/** What decoding a frame found. Plain numbers: this is compared once a packet. */
export const TCP = 1
export const UDP = 2
/** Valid, but nothing above it is followed (ARP, ICMP, an IP protocol without ports). */
export const OTHER = 3
/** A part of a larger datagram; held until the rest comes. */
export const FRAGMENT = 4
/** Breaks its own format; counted. */
export const MALFORMED = 5
/** The link type is not known. */
export const UNKNOWN_LINK = 6
export type PacketKind = typeof TCP | typeof UDP | typeof OTHER | typeof FRAGMENT | typeof MALFORMED | typeof UNKNOWN_LINK

export const FIN = 0x01
export const SYN = 0x02
export const RST = 0x04
export const PSH = 0x08
export const ACK = 0x10

/**
 * The innermost TCP or UDP packet of a frame. One object is reused for every frame, so copy what must stay.
 * Addresses are 32-bit words in host order as unsigned numbers: IPv4 uses word 3 only (words 0-2 are 0), IPv6 uses all four.
 */
export class Packet {
  /** The bytes that the payload lies in: the frame, or a buffer of its own after fragments were joined. Borrowed. */
  buf: Uint8Array = new Uint8Array(0)
  /** 4 or 6. */
  version = 4
  src0 = 0; src1 = 0; src2 = 0; src3 = 0
  dst0 = 0; dst1 = 0; dst2 = 0; dst3 = 0
  srcPort = 0
  dstPort = 0
  /** TCP only: sequence and acknowledgement numbers as unsigned 32-bit values. */
  seq = 0
  ack = 0
  flags = 0
  payloadOffset = 0
  /** Bytes of payload that were captured. */
  payloadLength = 0
  /** Bytes of payload that were sent but not captured (snap length). */
  payloadMissing = 0
  /** Which of the networks on one wire, by VLAN ids (IEEE 802.1Q), VNIs and GRE keys; a hash of 32 bits, 0 where there are none. A packet may be seen in several of them on its way. */
  network = 0
}
