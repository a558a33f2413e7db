import type { FinishedConnection } from '../relay/connection-report.ts'
import type { Tap, TappedChunk } from '../relay/relay.ts'
import { PlaintextCapture } from './plaintext-capture.ts'

/** Somebody who reads along. `pendingBytes`: what was written and not taken yet. */
export interface TapReader {
  readonly pendingBytes: number
  write(bytes: Uint8Array): void
  end(): void
}

/** What a reader may leave lying before chunks are left out. */
const MAX_PENDING_BYTES = 16 * 1024 * 1024

/** Everybody who reads the plaintext of a sidecar along. The engine taps only while there is one. */
export class TapStreams {
  readonly #workload: string
  readonly #tap: (tap: Tap | undefined) => boolean
  readonly #readers = new Map<TapReader, PlaintextCapture>()

  constructor(workload: string, tap: (tap: Tap | undefined) => boolean) {
    this.#workload = workload
    this.#tap = tap
  }

  /** False where the engine cannot. Otherwise the reader gets a capture, until `remove`. */
  add(reader: TapReader): boolean {
    const capture = new PlaintextCapture(this.#workload)
    this.#readers.set(reader, capture)
    if (!this.#tap((chunks) => this.#hear(chunks))) {
      this.#readers.delete(reader)
      return false
    }
    reader.write(capture.header())
    reader.write(capture.take())
    return true
  }

  remove(reader: TapReader): void {
    if (this.#readers.delete(reader) && this.#readers.size === 0) this.#tap(undefined)
  }

  finished(batch: readonly FinishedConnection[]): void {
    for (const [reader, capture] of this.#readers) {
      for (const { id, openedAtMs, durationMs } of batch) capture.end(id, (openedAtMs + durationMs) * 1000)
      pass(capture, reader)
    }
  }

  close(): void {
    for (const reader of [...this.#readers.keys()]) {
      this.remove(reader)
      reader.end()
    }
  }

  /** Of a chunk that is left out the next one tells by its offset. */
  #hear(chunks: readonly TappedChunk[]): void {
    for (const [reader, capture] of this.#readers) {
      for (const chunk of chunks) {
        if (chunk.bytes.length === 0 || reader.pendingBytes <= MAX_PENDING_BYTES) capture.chunk(chunk)
      }
      pass(capture, reader)
    }
  }
}

function pass(capture: PlaintextCapture, reader: TapReader): void {
  const bytes = capture.take()
  if (bytes.length > 0) reader.write(bytes)
}
