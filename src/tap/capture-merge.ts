const INTERFACE_BLOCK = 1
const ENHANCED_PACKET_BLOCK = 6

/**
 * Brings the blocks of several `FrameBlocks` into one section: interface descriptions that say the same become one,
 * and packet blocks get the number that their interface has in the file. Blocks are in host byte order, as their writer made them.
 */
export class CaptureMerge {
  readonly #written: Uint8Array[] = []
  readonly #numbers = new Map<number, number[]>()

  /** @param origin which writer the blocks are from. Returns what goes into the file, in order; packet blocks are changed in place. */
  blocks(origin: number, bytes: Uint8Array): Uint8Array[] {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    const numbers = this.#numbersOf(origin)
    const out: Uint8Array[] = []
    let from = 0
    for (let at = 0, length; at < bytes.length; at += length) {
      length = view.getUint32(at + 4, true)
      const type = view.getUint32(at, true)
      if (type === ENHANCED_PACKET_BLOCK) view.setUint32(at + 8, numbers[view.getUint32(at + 8, true)]!, true)
      else if (type === INTERFACE_BLOCK && !this.#isNew(numbers, bytes.subarray(at, at + length))) {
        if (at > from) out.push(bytes.subarray(from, at))
        from = at + length
      }
    }
    if (from < bytes.length) out.push(bytes.subarray(from))
    return out
  }

  #numbersOf(origin: number): number[] {
    let numbers = this.#numbers.get(origin)
    if (numbers === undefined) this.#numbers.set(origin, numbers = [])
    return numbers
  }

  /** Notes which number the writer's next interface has in the file; false when the file describes it already. */
  #isNew(numbers: number[], block: Uint8Array): boolean {
    const known = this.#written.findIndex((w) => Buffer.compare(w, block) === 0)
    numbers.push(known >= 0 ? known : this.#written.length)
    if (known < 0) this.#written.push(block.slice())
    return known < 0
  }
}
