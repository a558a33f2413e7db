/** Options of a block end with this code, or with the block. */
const END_OF_OPTIONS = 0
/** More options than this in one block are ignored: a name or two and a dozen numbers are usual. */
const MAX_OPTIONS = 256
/** Longer texts are cut and end in `…`. */
const MAX_TEXT_BYTES = 1024

const decoder = new TextDecoder('utf-8')

/** One option of a pcapng block: its value is `buf[offset, offset + length)`. */
export interface PcapngOption { readonly code: number, readonly offset: number, readonly length: number }

/**
 * Options in `buf[offset, end)`, draft-ietf-opsawg-pcapng §3.5: code (16 bits), length (16 bits), value padded to 32 bits.
 * Undefined when one reaches beyond the end.
 */
export function parseOptions(view: DataView, offset: number, end: number, little: boolean): PcapngOption[] | undefined {
  const options: PcapngOption[] = []
  let at = offset
  while (end - at >= 4 && options.length < MAX_OPTIONS) {
    const code = view.getUint16(at, little)
    if (code === END_OF_OPTIONS) break
    const length = view.getUint16(at + 2, little)
    if (at + 4 + length > end) return undefined
    options.push({ code, offset: at + 4, length })
    at += 4 + paddedBytes(length)
  }
  return options
}

/** Text of the first option of that code. Broken UTF-8 becomes U+FFFD, a closing NUL is left out. */
export function optionText(buf: Uint8Array, options: readonly PcapngOption[], code: number): string | undefined {
  const found = options.find((o) => o.code === code)
  return found === undefined ? undefined : textOf(buf, found.offset, found.offset + found.length)
}

/** `buf[offset, end)` as text up to the first NUL; broken UTF-8 becomes U+FFFD, what is very long is cut. */
export function textOf(buf: Uint8Array, offset: number, end: number): string {
  const last = Math.min(end, offset + MAX_TEXT_BYTES)
  const nul = buf.subarray(offset, last).indexOf(0)
  const text = decoder.decode(buf.subarray(offset, nul === -1 ? last : offset + nul))
  return nul === -1 && last < end ? `${text}…` : text
}

/** Everything in pcapng is padded to 32 bits. */
export function paddedBytes(length: number): number {
  return length + 3 & ~3
}
