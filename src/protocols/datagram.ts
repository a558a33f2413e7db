import type { Message } from '../model/message.ts'
import type { Side } from '../model/side.ts'
import { CLIENT, SERVER } from '../model/side.ts'
import type { Micros } from '../model/time.ts'
import type { Settings } from './protocol.ts'

/** What a probe says: not this protocol, or who would send such a datagram. */
export const NOBODY = -1
export const FROM_CLIENT = CLIENT
export const FROM_SERVER = SERVER
/** Either: the protocol has no roles there. */
export const FROM_PEER = 2
export type DatagramSender = typeof NOBODY | typeof FROM_CLIENT | typeof FROM_SERVER | typeof FROM_PEER

/** Between whom datagrams pass. `isMulticast`: the address of the server is a group. */
export interface DatagramPlace { readonly clientPort: number, readonly serverPort: number, readonly isMulticast: boolean }

/** Where a dissector of datagrams puts what it found. None of the calls throws. */
export interface DatagramSink {
  message(m: Message): void
  malformed(side: Side, what: string): void
  /** This was a wrong guess. The dissector is not called again; the flow is counted as one that nobody claims. */
  disown(): void
}

/** The datagrams between two addresses and ports. Peer bytes never make it throw. */
export interface DatagramDissector {
  /** One whole datagram, buf[from, to), borrowed until return; `missing` bytes behind it were sent and not captured (snap length). Never empty. */
  datagram(side: Side, buf: Uint8Array, from: number, to: number, missing: number, at: Micros): void
  /** Nothing came for long, or no more is captured: tell what waits. Called once; perhaps never where it is idle. */
  end(at: Micros): void
  /** Serves another flow from now on, as if it was just opened. Only called while it is idle, and not after end(). */
  again?(place: DatagramPlace): void
  /** Nothing waits for another datagram: the flow may be forgotten. */
  readonly isIdle: boolean
  /** About what it keeps of bytes and messages that are not told yet. Asked seldom. */
  readonly heldBytes: number
}

/** A protocol over UDP: datagrams in, messages out. No sockets, no clock, no globals. */
export interface DatagramProtocol {
  /** As of a Protocol; the same name where the same is spoken over TCP. */
  readonly name: string
  readonly spec: string
  readonly ports: readonly number[]
  /** One datagram, buf[offset, offset + length), and whether a port is one of `ports`. Allocates nothing: it sees every flow's first datagrams. */
  probe(buf: Uint8Array, offset: number, length: number, missing: number, isExpected: boolean): DatagramSender
  open(sink: DatagramSink, settings: Settings, place: DatagramPlace): DatagramDissector
}
