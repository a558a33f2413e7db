export const ROW_BYTES = 16

export interface HexRow { readonly offset: string, readonly hex: string, readonly text: string }

/** Row `index` of a hex dump: `00000010  47 45 54 …  GET …`; bytes outside of printable ASCII show as `·`. */
export function hexRow(bytes: Uint8Array, index: number): HexRow {
  const start = index * ROW_BYTES
  const end = Math.min(bytes.length, start + ROW_BYTES)
  let hex = ''
  let text = ''
  for (let at = start; at < end; at++) {
    const byte = bytes[at]!
    if (at > start) hex += (at - start) % 8 === 0 ? '  ' : ' '
    hex += byte.toString(16).padStart(2, '0')
    text += byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '·'
  }
  return { offset: start.toString(16).padStart(8, '0'), hex: hex.padEnd(ROW_BYTES * 3), text }
}

export function hexRowCount(bytes: Uint8Array): number {
  return Math.ceil(bytes.length / ROW_BYTES)
}

/** The whole dump, for the clipboard. */
export function hexText(bytes: Uint8Array): string {
  const lines: string[] = []
  for (let index = 0; index < hexRowCount(bytes); index++) {
    const { offset, hex, text } = hexRow(bytes, index)
    lines.push(`${offset}  ${hex}  ${text}`)
  }
  return lines.join('\n')
}
