// eslint-disable-next-line no-control-regex
const UNSAFE = /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2066-\u2069]/g

/**
 * Peer bytes made safe for a terminal: control characters (an escape sequence could move the cursor or set the clipboard)
 * and characters that change the direction of text become `\xHH` or `\uHHHH`.
 */
export function printable(text: string): string {
  return text.replace(UNSAFE, escape)
}

function escape(character: string): string {
  const code = character.charCodeAt(0)
  return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16)}`
}
