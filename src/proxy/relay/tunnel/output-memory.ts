import { allocateAt, bytesAt, freeAt } from '../../../sys/memory.ts'

/** What streams may leave to be sent; then they are read no more. */
export const OUT_BYTES = 256 * 1024
/** Beyond it, for frames without data, which no credit holds back. */
export const SPARE_BYTES = 64 * 1024
const MAX_FREE = 16

/** Memory in which a tunnel gathers what it sends. */
export interface OutputMemory { readonly address: number, readonly view: DataView, readonly bytes: Uint8Array }

/** Memory is a tunnel's only while something waits in it, so that idle tunnels have none, and busy ones mostly take turns with the same. */
export class OutputPool {
  readonly #free: OutputMemory[] = []

  take(): OutputMemory {
    const free = this.#free.pop()
    if (free !== undefined) return free
    const sizeBytes = OUT_BYTES + SPARE_BYTES
    const address = allocateAt(sizeBytes)
    const bytes = bytesAt(address, sizeBytes)
    return { address, bytes, view: new DataView(bytes.buffer, bytes.byteOffset, sizeBytes) }
  }

  give(memory: OutputMemory): void {
    if (this.#free.length < MAX_FREE) this.#free.push(memory)
    else freeAt(memory.address)
  }

  close(): void {
    for (const { address } of this.#free.splice(0)) freeAt(address)
  }
}
