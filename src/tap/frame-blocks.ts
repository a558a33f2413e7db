import { PcapngWriter } from '../net/pcapng-writer.ts'

/**
 * Frames as pcapng blocks without a section header: interface description blocks in order of first use, then enhanced packet blocks.
 * The interface numbers are this object's own; `CaptureMerge` gives them their place in the file.
 */
export class FrameBlocks {
  readonly #writer = new PcapngWriter()
  readonly #interfaces = new Map<number, number>()

  get pendingBytes(): number {
    return this.#writer.pendingBytes
  }

  /** Returns the bytes pending. One interface for each source and link type, named `label`. */
  frame(source: number, label: string, buf: Uint8Array, offset: number, captured: number, wire: number, atMicros: number, linkType: number): number {
    const key = source * 65536 + linkType
    let id = this.#interfaces.get(key)
    if (id === undefined) {
      id = this.#writer.addInterface({ linkType, name: label }).id
      this.#interfaces.set(key, id)
    }
    this.#writer.frame(id, buf, offset, captured, wire, atMicros)
    return this.#writer.pendingBytes
  }

  /** The blocks since the last call; the bytes are the caller's. */
  take(): Uint8Array {
    return this.#writer.take()
  }
}
