import type { Micros } from '../../model/time.ts'
import { CONTINUATION } from './frame-header.ts'
import type { KnownTexts } from './known-texts.ts'
import { Payload } from './payload.ts'

/** A message of which frames are still coming. */
export class Assembly {
  /** Of its first frame: TEXT, BINARY, CLOSE; CONTINUATION where the beginning was not captured. */
  readonly opcode: number
  readonly isCompressed: boolean
  readonly atMicros: Micros
  endMicros: Micros
  readonly payload: Payload
  frames = 0
  /** Of the payload, as sent; lost ones are counted too. */
  sentBytes = 0
  lostBytes = 0
  notes: string[] | undefined

  /** `known`: texts that it may be one of. */
  constructor(opcode: number, isCompressed: boolean, limitBytes: number, atMicros: Micros, known?: KnownTexts) {
    this.opcode = opcode
    this.isCompressed = isCompressed
    this.atMicros = atMicros
    this.endMicros = atMicros
    this.payload = new Payload(limitBytes, known)
  }

  add(buf: Uint8Array, from: number, to: number, mask: Uint8Array, phase: number): void {
    this.sentBytes += to - from
    // Behind a hole nothing is kept: what is shown is without one.
    if (this.lostBytes === 0) this.payload.add(buf, from, to, mask, phase)
  }

  lose(bytes: number): void {
    this.sentBytes += bytes
    this.lostBytes += bytes
  }

  note(text: string): void {
    const notes = this.notes ??= []
    if (!notes.includes(text)) notes.push(text)
  }

  get hasBeginning(): boolean {
    return this.opcode !== CONTINUATION
  }

  get isKept(): boolean {
    return this.lostBytes === 0 && this.payload.length === this.sentBytes
  }
}
