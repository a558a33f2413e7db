const LF = 0x0a
/** The health of a node with thousands of namespaces fits. */
const MAX_LINE_BYTES = 8 * 1024 * 1024

/** Lines out of chunks. */
export class LineReader {
  #rest: Buffer[] = []
  #restBytes = 0

  /** The lines that end in a chunk, without their ends. Throws where one is too long. */
  take(chunk: Buffer): string[] {
    const lines: string[] = []
    let from = 0
    for (let end = chunk.indexOf(LF); end >= 0; end = chunk.indexOf(LF, from)) {
      lines.push(Buffer.concat([...this.#rest, chunk.subarray(from, end)]).toString('utf8'))
      this.#rest = []
      this.#restBytes = 0
      from = end + 1
    }
    if (from < chunk.length) this.#keep(chunk.subarray(from))
    return lines
  }

  #keep(part: Buffer): void {
    this.#restBytes += part.length
    if (this.#restBytes > MAX_LINE_BYTES) throw new Error(`a line of it has more than ${MAX_LINE_BYTES} bytes`)
    this.#rest.push(part)
  }
}
