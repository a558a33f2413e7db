import type { JsonRecord } from '../model/api.ts'

const NEWLINE = 10
const MARK = Buffer.from('"what":"ciphertext"')

/** Takes turns of ciphertext out of lines of records: they are looked at and not kept. `rest` may be the same bytes. */
export function takeTurns(lines: Uint8Array): { rest: Uint8Array, turns: JsonRecord[] } {
  const bytes = Buffer.from(lines.buffer, lines.byteOffset, lines.length)
  const turns: JsonRecord[] = []
  const kept: Buffer[] = []
  let from = 0
  for (let mark = bytes.indexOf(MARK); mark >= 0;) {
    const start = bytes.lastIndexOf(NEWLINE, mark) + 1
    const newline = bytes.indexOf(NEWLINE, mark)
    const end = newline < 0 ? bytes.length : newline + 1
    const turn = turnOf(bytes.toString('utf8', start, end))
    if (turn !== undefined) {
      turns.push(turn)
      if (start > from) kept.push(bytes.subarray(from, start))
      from = end
    }
    mark = bytes.indexOf(MARK, end)
  }
  if (turns.length === 0) return { rest: lines, turns }
  kept.push(bytes.subarray(from))
  return { rest: Buffer.concat(kept), turns }
}

/** A body may say the same words. */
function turnOf(line: string): JsonRecord | undefined {
  try {
    const record = JSON.parse(line) as JsonRecord
    return record.protocol === 'tls' && record.what === 'ciphertext' ? record : undefined
  } catch {
    return undefined
  }
}
