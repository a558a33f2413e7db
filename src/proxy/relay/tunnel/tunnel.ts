import type { Leg } from '../leg.ts'
import { FIRST_CREDIT, FrameReader } from './frame.ts'
import { TunnelOutput } from './output.ts'
import type { OutputPool } from './output-memory.ts'

/** One connection that travels in a tunnel; it hangs on the leg that has no socket. */
export class Stream {
  readonly tunnel: Tunnel
  readonly id: number
  readonly openedMs: number
  /** Bytes that may still be sent. */
  credit = FIRST_CREDIT
  /** Bytes that the other side may still send. */
  allowed = FIRST_CREDIT
  /** Bytes that were handed on, and for which no credit was given back yet. */
  owed = 0
  /** What the other side may have sent and we not handed on. */
  window = FIRST_CREDIT
  /** It waits for room in the tunnel. */
  isBlocked = false

  constructor(tunnel: Tunnel, id: number, nowMs: number) {
    this.tunnel = tunnel
    this.id = id
    this.openedMs = nowMs
  }
}

/** A TLS connection between two sidecars that carries many of the apps'. All of them go to where it goes itself. */
export class Tunnel {
  /** Its socket, which is that of a Connection which is no connection any more: the carrier. */
  readonly leg: Leg
  /** What it was opened for; '' where it was accepted. */
  readonly key: string
  /** The leg of each stream that is not over here. */
  readonly streams = new Map<number, Leg>()
  readonly output: TunnelOutput
  readonly reader = new FrameReader()
  /** Streams that stopped for want of room, in order. */
  blocked: Leg[] = []
  lastId = 0
  /** Nobody opens streams on it any more. */
  isAway = false
  /** Streams are refused from then on; 0: never. */
  awayMs = 0
  readonly openedMs: number
  emptySinceMs: number
  /** When something came last, and when something was last put into it. */
  heardMs: number
  saidMs: number
  /** When it was asked for a sign of life that has not come; 0: none is due. */
  pingMs = 0
  /** The sign of life has not come for so long that it was given up. */
  isSilent = false
  /** When the peer's certificate expires, since 1970. */
  readonly expiresAtMillis: number
  /** There was no room even for a frame without data. */
  isChoked = false
  /** It waits for the end of the turn to be written. */
  isDirty = false
  isOver = false

  constructor(leg: Leg, key: string, pool: OutputPool, nowMs: number, expiresAtMillis: number) {
    this.leg = leg
    this.key = key
    this.output = new TunnelOutput(pool)
    this.openedMs = nowMs
    this.emptySinceMs = nowMs
    this.heardMs = nowMs
    this.saidMs = nowMs
    this.expiresAtMillis = expiresAtMillis
  }

  get isServer(): boolean {
    return this.key === ''
  }

  get isExpired(): boolean {
    return Date.now() >= this.expiresAtMillis
  }
}
