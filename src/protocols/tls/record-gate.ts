import { copyBytes, copyOf } from '../../base/copy-bytes.ts'
import type { Side } from '../../model/side.ts'
import type { Micros } from '../../model/time.ts'
import type { SecretSource, SecretWaiter } from '../secret-source.ts'
import { MAX_WAITING_BYTES, MAX_WAITING_MICROS, MAX_WAITING_RECORDS } from './limits.ts'

/** The record was dealt with. */
export const DONE = 0
/** Secrets are missing: neither side goes on. */
export const WAIT = 1
/** Something of the other side has to come first. */
export const HOLD = 2
export type GateVerdict = typeof DONE | typeof WAIT | typeof HOLD

/** Who deals with what passes the gate, in the order of its arrival. */
export interface GateOwner {
  /** A whole record: its payload lies in `bytes` from `from` to `to`, borrowed until return. */
  whole(side: Side, type: number, version: number, bytes: Uint8Array, from: number, to: number, at: Micros): GateVerdict
  lost(side: Side, bytes: number, at: Micros): void
  over(side: Side, at: Micros): void
  /** From now on `whole` must not put off any more. */
  secretsMissing(): void
}

const NONE = new Uint8Array(0)
const FIRST_BYTES = 2048

/** One record, loss (`lostBytes`) or end (`ended`) that is kept back. */
class Kept {
  lostBytes = 0
  ended = false
  readonly side: Side
  readonly type: number
  readonly version: number
  readonly bytes: Uint8Array
  readonly at: Micros

  constructor(side: Side, at: Micros, type = 0, version = 0, bytes: Uint8Array = NONE) {
    this.side = side
    this.at = at
    this.type = type
    this.version = version
    this.bytes = bytes
  }
}

/** Puts records together and keeps them back, in bounds, while their secrets are not known. */
export class RecordGate implements SecretWaiter {
  waitingBytes = 0
  sinceMicros: Micros = 0
  readonly #owner: GateOwner
  readonly #secrets: SecretSource
  readonly #queue: Kept[] = []
  readonly #versions: [number, number] = [0, 0]
  readonly #lengths: [number, number] = [0, 0]
  /** Records that came in pieces. */
  readonly #pieces: [Uint8Array, Uint8Array] = [NONE, NONE]
  readonly #fills: [number, number] = [0, 0]
  #patient = true
  #draining = false

  constructor(owner: GateOwner, secrets: SecretSource) {
    this.#owner = owner
    this.#secrets = secrets
  }

  get heldBytes(): number {
    return this.waitingBytes + this.#pieces[0].length + this.#pieces[1].length
  }

  /** Something is kept back. */
  get waiting(): boolean {
    return this.#queue.length > 0
  }

  /** A header was read. */
  begin(side: Side, version: number, length: number): void {
    this.#versions[side] = version
    this.#lengths[side] = length
    this.#fills[side] = 0
  }

  payload(side: Side, type: number, bytes: Uint8Array, from: number, to: number, last: boolean, at: Micros): void {
    if (last && this.#fills[side] === 0) this.#pass(side, type, bytes, from, to, at)
    else {
      this.#gather(side, bytes, from, to)
      if (!last) return
      const fill = this.#fills[side]
      this.#fills[side] = 0
      this.#pass(side, type, this.#pieces[side], 0, fill, at)
    }
  }

  gap(side: Side, bytes: number, at: Micros): void {
    this.#fills[side] = 0
    if (this.#queue.length === 0) this.#owner.lost(side, bytes, at)
    else this.#keep(Object.assign(new Kept(side, at), { lostBytes: bytes }))
  }

  end(side: Side, at: Micros): void {
    if (this.#queue.length === 0) this.#owner.over(side, at)
    else this.#keep(Object.assign(new Kept(side, at), { ended: true }))
  }

  secretsCame(): void {
    this.#drain()
  }

  giveUp(): void {
    if (!this.#patient) return
    this.#patient = false
    this.#owner.secretsMissing()
    this.#drain()
  }

  /** No more than arrives is allocated, whatever a header claims. */
  #gather(side: Side, bytes: Uint8Array, from: number, to: number): void {
    const fill = this.#fills[side]
    const need = fill + to - from
    let room = this.#pieces[side]
    if (need > room.length) {
      const grown = new Uint8Array(Math.max(need, Math.min(this.#lengths[side], room.length * 2), FIRST_BYTES))
      grown.set(room.subarray(0, fill))
      this.#pieces[side] = room = grown
    }
    copyBytes(bytes, from, to, room, fill)
    this.#fills[side] = need
  }

  #pass(side: Side, type: number, bytes: Uint8Array, from: number, to: number, at: Micros): void {
    const version = this.#versions[side]
    if (this.#queue.length === 0 && this.#owner.whole(side, type, version, bytes, from, to, at) === DONE) return
    this.#keep(new Kept(side, at, type, version, copyOf(bytes, from, to)))
  }

  #keep(kept: Kept): void {
    const first = this.#queue.length === 0
    this.#queue.push(kept)
    this.waitingBytes += kept.bytes.length
    if (first) {
      this.sinceMicros = kept.at
      this.#secrets.wait(this)
    } else this.#drain()
    const full = this.waitingBytes > MAX_WAITING_BYTES || this.#queue.length > MAX_WAITING_RECORDS
    if (full || kept.at - this.sinceMicros > MAX_WAITING_MICROS) this.giveUp()
  }

  /** Hands on what can go. A side on hold lets the other one pass; whatever goes may end the hold. */
  #drain(): void {
    if (this.#draining) return
    this.#draining = true
    const queue = this.#queue
    let held = 0
    for (let i = 0; i < queue.length;) {
      const kept = queue[i]!
      if ((held & 1 << kept.side) !== 0) {
        i++
        continue
      }
      const verdict = this.#hand(kept)
      if (verdict === WAIT) break
      if (verdict === HOLD) {
        held |= 1 << kept.side
        i++
        continue
      }
      queue.splice(i, 1)
      this.waitingBytes -= kept.bytes.length
      if (held !== 0) held = i = 0
    }
    this.#draining = false
    if (queue.length === 0) this.#secrets.stop(this)
  }

  #hand(kept: Kept): GateVerdict {
    const { side, bytes, at } = kept
    if (kept.ended) this.#owner.over(side, at)
    else if (kept.lostBytes > 0) this.#owner.lost(side, kept.lostBytes, at)
    else return this.#owner.whole(side, kept.type, kept.version, bytes, 0, bytes.length, at)
    return DONE
  }
}
