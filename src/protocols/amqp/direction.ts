import type { Buffer } from 'node:buffer'
import type { Side } from '../../model/side.ts'
import type { Micros } from '../../model/time.ts'
import type { FrameOwner } from './frame-reader.ts'
import { FrameReader } from './frame-reader.ts'

/** Whom both directions work for; each call is that of `FrameOwner`, with the side that sent the bytes. */
export interface DirectionOwner {
  framed(side: Side, type: number, channel: number, payload: Buffer, isCut: boolean, at: Micros, endAt: Micros): void
  body(side: Side, channel: number, buf: Uint8Array, from: number, to: number, at: Micros): void
  bodyLost(side: Side, channel: number, bytes: number): void
  protocolHeader(side: Side, bytes: Buffer, at: Micros): void
  malformed(side: Side, what: string, offset: number): void
  lost(side: Side): void
}

/** One direction: gives its frames to the connection, with its side. */
export class Direction implements FrameOwner {
  readonly reader: FrameReader
  readonly #owner: DirectionOwner
  readonly #side: Side

  constructor(owner: DirectionOwner, side: Side) {
    this.#owner = owner
    this.#side = side
    this.reader = new FrameReader(this)
  }

  framed(type: number, channel: number, payload: Buffer, isCut: boolean, at: Micros, endAt: Micros): void {
    this.#owner.framed(this.#side, type, channel, payload, isCut, at, endAt)
  }

  body(channel: number, buf: Uint8Array, from: number, to: number, at: Micros): void {
    this.#owner.body(this.#side, channel, buf, from, to, at)
  }

  bodyLost(channel: number, bytes: number): void {
    this.#owner.bodyLost(this.#side, channel, bytes)
  }

  protocolHeader(bytes: Buffer, at: Micros): void {
    this.#owner.protocolHeader(this.#side, bytes, at)
  }

  malformed(what: string, offset: number): void {
    this.#owner.malformed(this.#side, what, offset)
  }

  lost(): void {
    this.#owner.lost(this.#side)
  }
}
