/**
 * Characters that change how the text around them is read and show nothing themselves: those that turn its direction (UAX #9 §2) and the other controls but tab and line ends. A path
 * with one of them can look like another.
 */
// eslint-disable-next-line no-control-regex
const HIDDEN = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u061c\u200b\u200e\u200f\u202a-\u202e\u2028\u2029\u2060-\u2069\ufeff]/g

/** Text of a peer as it is shown: what would be hidden is written out, `⟨202E⟩`. For the eyes only: what is copied or asked for stays as it is. */
export function visibleText(text: string): string {
  return text.replace(HIDDEN, (char) => `⟨${char.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}⟩`)
}
