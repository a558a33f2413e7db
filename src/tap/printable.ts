// eslint-disable-next-line no-control-regex
const UNSAFE = /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2066-\u2069]/g
const FIRST_SAFE = 0x20
const LAST_SAFE = 0x7e

/**
 * Peer bytes made safe for a terminal: control characters (an escape sequence could move the cursor or set the clipboard)
 * and characters that change the direction of text become `\xHH` or `\uHHHH`.
 */
export function printable(text: string): string {
  // Nearly always there is nothing to do, and looking costs 40 ns where replacing nothing costs 250.
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (!isPrintable(code)) return text.replace(UNSAFE, escape)
  }
  return text
}

/** Whether a character stays as it is: it is not of UNSAFE. Beyond ASCII that are letters, and the arrows and dashes in lines of our own making. */
export function isPrintable(code: number): boolean {
  return code <= LAST_SAFE ? code >= FIRST_SAFE : code > 0x9f && (code < 0x200b || code > 0x2069 || (code > 0x200f && code < 0x2028) || (code > 0x202e && code < 0x2066))
}

function escape(character: string): string {
  const code = character.charCodeAt(0)
  return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16)}`
}
