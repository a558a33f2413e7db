import { Buffer } from 'node:buffer'

const BEYOND_ASCII = /[\x80-\xff]/

/** `kept` has a character for each byte. UTF-8 where the bytes are that, else as they are (ISO 8859-1). */
export function textOf(kept: string): string {
  if (!BEYOND_ASCII.test(kept)) return kept
  const text = Buffer.from(kept, 'latin1').toString('utf8')
  return text.includes('\ufffd') ? kept : text
}

/** As `textOf`; a character that a limit cut in the middle is left out. */
export function textOfCut(kept: string): string {
  const text = textOf(kept)
  if (text !== kept || !BEYOND_ASCII.test(kept)) return text
  for (let cut = 1; cut <= 3; cut++) {
    const shorter = textOf(kept.slice(0, -cut))
    if (shorter.length < kept.length - cut || !BEYOND_ASCII.test(shorter)) return shorter
  }
  return kept
}

export function hexOf(kept: string): string {
  return Buffer.from(kept, 'latin1').toString('hex')
}

export function bytesOf(kept: string): Buffer {
  return Buffer.from(kept, 'latin1')
}

// Valid UTF-8 without control characters other than white space.
const CONTROL = /[\x00-\x08\x0b\x0c\x0e-\x1f]/

/** Text where the bytes are one, else undefined. */
export function plainText(kept: string): string | undefined {
  if (CONTROL.test(kept)) return undefined
  if (!BEYOND_ASCII.test(kept)) return kept
  const text = Buffer.from(kept, 'latin1').toString('utf8')
  return text.includes('\ufffd') ? undefined : text
}
