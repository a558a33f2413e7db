import { closeSync, openSync, writeSync } from 'node:fs'

const BUFFER_BYTES = 1024 * 1024
const FILE_HEADER_BYTES = 24
const RECORD_HEADER_BYTES = 16
const LINKTYPE_ETHERNET = 1
const SNAP_LENGTH = 262_144

/** Writes a pcap file (microseconds, Ethernet) through one buffer. */
export class PcapOutput {
  readonly #fd: number
  readonly #bytes = new Uint8Array(BUFFER_BYTES)
  readonly #view = new DataView(this.#bytes.buffer)
  #used = FILE_HEADER_BYTES
  frames = 0
  sizeBytes = 0

  constructor(path: string) {
    this.#fd = openSync(path, 'w')
    const view = this.#view
    view.setUint32(0, 0xa1b2c3d4, true)
    view.setUint16(4, 2, true)
    view.setUint16(6, 4, true)
    view.setUint32(16, SNAP_LENGTH, true)
    view.setUint32(20, LINKTYPE_ETHERNET, true)
  }

  /** Where a frame of that length goes: fill `bytes` from the offset returned, before the next call. */
  reserve(length: number, atMicros: number): number {
    if (this.#used + RECORD_HEADER_BYTES + length > BUFFER_BYTES) this.#flush()
    const at = this.#used
    const view = this.#view
    view.setUint32(at, Math.floor(atMicros / 1e6), true)
    view.setUint32(at + 4, atMicros % 1e6, true)
    view.setUint32(at + 8, length, true)
    view.setUint32(at + 12, length, true)
    this.#used = at + RECORD_HEADER_BYTES + length
    this.frames++
    return at + RECORD_HEADER_BYTES
  }

  get bytes(): Uint8Array {
    return this.#bytes
  }

  get view(): DataView {
    return this.#view
  }

  close(): void {
    this.#flush()
    closeSync(this.#fd)
  }

  #flush(): void {
    for (let at = 0; at < this.#used;) at += writeSync(this.#fd, this.#bytes, at, this.#used - at)
    this.sizeBytes += this.#used
    this.#used = 0
  }
}
