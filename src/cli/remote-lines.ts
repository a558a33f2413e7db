import type { Readable } from 'node:stream'

const LF = 0x0a
/** Lines that are no messages. */
const ASIDE = [Buffer.from('{"health":'), Buffer.from('{"answer":')]
/** A message with its bodies. */
const MAX_LINE_BYTES = 64 * 1024 * 1024

export interface LinesTaker {
  /** Whole lines, each with its end. Settles when more may come. */
  lines(bytes: Uint8Array, count: number): void | Promise<void>
  /** A line that says how far the others can be trusted, or answers a question. */
  aside(text: string): void
}

/** Reads the lines of a stream in pieces of many, until its end. What is cut at the end is left out. */
export async function readLines(stream: Readable, taker: LinesTaker): Promise<void> {
  let rest: Buffer = Buffer.alloc(0)
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
    const end = bytes.lastIndexOf(LF) + 1
    rest = bytes.subarray(end)
    if (rest.length > MAX_LINE_BYTES) return
    if (end > 0) await takeLines(bytes.subarray(0, end), taker)
  }
}

async function takeLines(bytes: Buffer, taker: LinesTaker): Promise<void> {
  let from = 0
  let count = 0
  for (let at = 0; at < bytes.length;) {
    const end = bytes.indexOf(LF, at) + 1
    if (ASIDE.some((start) => start.compare(bytes, at, Math.min(bytes.length, at + start.length)) === 0)) {
      if (count > 0) await taker.lines(bytes.subarray(from, at), count)
      taker.aside(bytes.subarray(at, end).toString())
      from = end
      count = 0
    } else count++
    at = end
  }
  if (count > 0) await taker.lines(bytes.subarray(from), count)
}
