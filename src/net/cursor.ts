import type { PacketKind } from './packet.ts'
import { MALFORMED } from './packet.ts'

/**
 * A frame is decoded in steps. Each consumes one header and says what begins behind it: a layer,
 * or the end of the walk (a PacketKind, or CUT). Numbers, because they are switched on several times a packet.
 */
export type Step = number

/** The snap length took away a header that is needed; the packet itself may be fine. */
export const CUT = 7
/** From here on a step is a layer, below it ends the walk. */
export const FIRST_LAYER = 16
export const LAYER_ETHERNET = 16
/** What `cursor.type` says as an EtherType. */
export const LAYER_ETHERTYPE = 17
/** IPv4 or IPv6, whichever the first nibble says. */
export const LAYER_IP = 18
export const LAYER_IPV4 = 19
export const LAYER_IPV6 = 20
/** What `cursor.type` says as an IP protocol number. */
export const LAYER_IP_PROTOCOL = 21
/** A part of a datagram, described by the `fragment…` fields. */
export const LAYER_FRAGMENT = 22
export const LAYER_MPLS = 23
export const LAYER_PPP = 24
export const LAYER_PPPOE = 25
export const LAYER_GRE = 26
export const LAYER_VXLAN = 27
export const LAYER_GENEVE = 28

const NO_BYTES = new Uint8Array(0)

/** Kinds of networks within a wire, for Cursor.enter. */
export const NETWORK_VLAN = 1
export const NETWORK_VXLAN = 2
export const NETWORK_GENEVE = 3
export const NETWORK_GRE = 4

/** Where decoding stands. One object for all frames. */
export class Cursor {
  buf: Uint8Array = NO_BYTES
  /** The next byte to read. */
  at = 0
  /** Behind the last captured byte of the current layer. */
  end = 0
  /** Where the current layer ends on the wire: beyond `end` by what the snap length took. */
  wireEnd = 0
  /** EtherType or IP protocol number of what begins at `at`. */
  type = 0
  /** Of the VLAN tags and tunnels so far: Packet.network. */
  network = 0
  fragmentId = 0
  fragmentOffset = 0
  fragmentMore = false

  /** A layer claimed more bytes than the frame had. */
  isSliced = false

  /** A new frame: buf[offset, offset + captured) of `wire` bytes. */
  start(buf: Uint8Array, offset: number, captured: number, wire: number): void {
    this.buf = buf
    this.at = offset
    this.end = offset + captured
    this.wireEnd = offset + wire
    this.isSliced = false
    this.network = 0
  }

  /** Tags and tunnels may be nested: each changes what was there before. @param id 24 bits, or 32 */
  enter(kind: number, id: number): void {
    this.network = Math.imul(this.network ^ kind, 0x9e3779b1) ^ Math.imul(id + 1, 0x85ebca6b)
  }

  /** The current layer has fewer bytes than its header needs. */
  short(): PacketKind | typeof CUT {
    return this.end < this.wireEnd || this.isSliced ? CUT : MALFORMED
  }

  /**
   * The current layer says that it ends at `layerEnd`: what follows it is padding. Where it claims more than the frame had, the frame decides:
   * mirrors slice packets without saying so. What they took shows as a hole in the stream.
   */
  limit(layerEnd: number): void {
    if (layerEnd > this.wireEnd) {
      this.isSliced = true
      return
    }
    this.wireEnd = layerEnd
    if (this.end > layerEnd) this.end = layerEnd
  }
}

export function read16(buf: Uint8Array, at: number): number {
  return buf[at]! << 8 | buf[at + 1]!
}

/** Unsigned. */
export function read32(buf: Uint8Array, at: number): number {
  return (buf[at]! << 24 | buf[at + 1]! << 16 | buf[at + 2]! << 8 | buf[at + 3]!) >>> 0
}
