import { latin1 } from '../http/bytes.ts'

/** Where the text that begins at `from` ends: at its NUL, or at `to` where there is none. */
export function textEnd(bytes: Uint8Array, from: number, to: number): number {
  let at = from
  while (at < to && bytes[at] !== 0) at++
  return at
}

/** The name bytes[from, to), a character a byte: mostly there is none. */
export function nameIn(bytes: Uint8Array, from: number, to: number): string {
  return from >= to ? '' : latin1(bytes, from, to)
}

/** The same without the NUL at its end. */
export function lastNameIn(bytes: Uint8Array, from: number, to: number): string {
  return nameIn(bytes, from, to > from && bytes[to - 1] === 0 ? to - 1 : to)
}
