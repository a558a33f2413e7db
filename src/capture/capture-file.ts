import type { Readable } from 'node:stream'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { CaptureHandlers } from '../net/capture-handlers.ts'
import { StreamSource } from './byte-source.ts'
import { CaptureReading } from './capture-reading.ts'
import { openSource } from './open-source.ts'

export type { CaptureHandlers, CaptureInterface, SectionInfo, TickResolution } from '../net/capture-handlers.ts'

export interface ReadOptions {
  /** Aborting ends the reading without an error, also while a pipe is silent. */
  signal?: AbortSignal
  /** Read instead of the path, which only names it then. */
  input?: Readable
  /** Called after each chunk, with bytes as they are stored (compressed, where the file is). */
  onProgress?: (readBytes: number, totalBytes: number | undefined) => void
  /** Asked after each chunk of up to 512 KiB: true ends the reading without an error. */
  stop?: () => boolean
}

/** What was read. */
export interface ReadResult {
  /** Undefined where it was ended before this could be told. */
  format: 'pcap' | 'pcapng' | undefined
  frames: number
  /** In whole records and blocks, uncompressed. */
  bytes: number
}

/**
 * Reads a capture file, a FIFO or (`-`) standard input: pcap or pcapng, also packed with gzip or zstd. Frames of a pipe are
 * delivered as they come; the event loop gets a turn after each chunk of a file.
 * @throws MtlscopeError not-a-capture, capture-cut, capture-malformed or cannot-read, after everything before was delivered. Where
 * the bytes are at fault the message ends in `at byte N`: the offset (uncompressed) of the record or block. What a handler throws passes through.
 */
export async function readCaptureFile(path: string, handlers: CaptureHandlers, options: ReadOptions = {}): Promise<ReadResult> {
  const { signal, onProgress, stop, input } = options
  const reading = new CaptureReading(path, input === undefined ? openSource(path) : new StreamSource(input), handlers)
  // Also wakes a read that waits for a silent pipe.
  const close = (): void => reading.close()
  signal?.addEventListener('abort', close, { once: true })
  if (signal?.aborted === true) close()
  try {
    for (;;) {
      const wentOn = await reading.step()
      onProgress?.(reading.readBytes, reading.totalBytes)
      if (stop?.() === true) break
      reading.check()
      if (!wentOn) break
      await nextTurn()
    }
  } finally {
    signal?.removeEventListener('abort', close)
    close()
  }
  return reading.result
}
