import type { HeaderField } from './header-field.ts'

const FIRST_ROOM = 16

/** The dynamic table of one direction (RFC 7541 §2.3.2): first in, first out, bounded in bytes. */
export class DynamicTable {
  /** A ring; the newest is at `#newest`, older ones behind it. */
  #ring: (HeaderField | undefined)[] = []
  #newest = 0
  #count = 0
  #sizeBytes = 0
  #limitBytes: number

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes
  }

  get count(): number {
    return this.#count
  }

  get sizeBytes(): number {
    return this.#sizeBytes
  }

  /** 0 is the newest. Undefined where there is none. */
  at(index: number): HeaderField | undefined {
    return index < this.#count ? this.#ring[this.#newest + index & this.#ring.length - 1] : undefined
  }

  add(field: HeaderField): void {
    this.#evict(this.#limitBytes - field.sizeBytes)
    // RFC 7541 §4.4: what is larger than the table empties it, and is not in it.
    if (field.sizeBytes > this.#limitBytes) return
    if (this.#count === this.#ring.length) this.#grow()
    this.#newest = this.#newest - 1 & this.#ring.length - 1
    this.#ring[this.#newest] = field
    this.#count++
    this.#sizeBytes += field.sizeBytes
  }

  resize(limitBytes: number): void {
    this.#limitBytes = limitBytes
    this.#evict(limitBytes)
  }

  clear(): void {
    this.#ring = []
    this.#newest = this.#count = this.#sizeBytes = 0
  }

  #evict(limitBytes: number): void {
    while (this.#sizeBytes > limitBytes && this.#count > 0) {
      const oldest = this.#newest + --this.#count & this.#ring.length - 1
      this.#sizeBytes -= this.#ring[oldest]!.sizeBytes
      this.#ring[oldest] = undefined
    }
  }

  /** Room is a power of two, so that positions wrap by a mask. */
  #grow(): void {
    const grown = new Array<HeaderField | undefined>(Math.max(FIRST_ROOM, this.#ring.length * 2)).fill(undefined)
    for (let i = 0; i < this.#count; i++) grown[i] = this.at(i)
    this.#ring = grown
    this.#newest = 0
  }
}
