import type { FrameSink } from './frame.ts'

/** Unit of the file's own clock: ticks of `base ** -exponent` seconds. */
export interface TickResolution { base: 2 | 10, exponent: number }

/** An interface that a capture file describes; a pcap file has exactly one. */
export interface CaptureInterface {
  /** Unique over all sections of the file: what `frame()` names as interfaceId. */
  readonly id: number
  /** Number of its section in the file, from 0. */
  readonly section: number
  /** LINKTYPE_ value. */
  readonly linkType: number
  /** 0: no limit, or not known. */
  readonly snapLengthBytes: number
  readonly name?: string
  readonly description?: string
  /** The capture filter, in the words of whoever captured. */
  readonly filter?: string
  readonly resolution: TickResolution
}

/** What a pcapng section header says about where it was captured. */
export interface SectionInfo { userApplication?: string, hardware?: string, os?: string }

/** Takes what a capture file holds, in the order of the file. Texts come from the file: escape them before printing. */
export interface CaptureHandlers extends FrameSink {
  /** Comes before the first frame of that interface. */
  interface(i: CaptureInterface): void
  section?(s: SectionInfo): void
  /** Decryption secrets block; `type` is 0x544c534b for a TLS key log. The bytes belong to the handler. */
  secrets?(type: number, bytes: Uint8Array): void
  /** Name resolution block: one address with its names. */
  name?(ip: string, names: string[]): void
}

/** Why a capture file cannot be read on: a value, since a broken file is normal input. */
export interface CaptureFailure {
  readonly code: 'not-a-capture' | 'capture-cut' | 'capture-malformed'
  /** What is wrong, to be read after the name of the file. */
  readonly what: string
  /** Offset in the file of the record or block that it happened in. */
  readonly atByte: number
  readonly hint?: string
}

/** Eats a capture file cut anywhere. Pure: it keeps none of the bytes it is given. */
export interface CaptureParser {
  readonly format: 'pcap' | 'pcapng'
  /** Frames delivered so far. */
  readonly frames: number
  /** Once set, nothing more is delivered. */
  readonly failure: CaptureFailure | undefined
  /**
   * Delivers the whole records in `buf[start, end)` and returns where the first incomplete one begins.
   * Call again with the bytes from there on and more behind them.
   */
  parse(buf: Uint8Array, start: number, end: number): number
  /** The input is over and `remainingBytes` of it were never consumed: they must be none. */
  finish(remainingBytes: number): CaptureFailure | undefined
}

/** Most bytes captured of one frame that a file may claim: far above any link, low enough to buffer. */
export const MAX_FRAME_BYTES = 16 * 1024 * 1024
/** Longest block that is buffered, whatever its type. */
export const MAX_BLOCK_BYTES = 64 * 1024 * 1024
/** Longest record that a parser ever waits for: what a reader's buffer must be able to grow to. */
export const MAX_RECORD_BYTES = MAX_BLOCK_BYTES
