/** GREASE values (RFC 8701): 0x0a0a, 0x1a1a, … 0xfafa. Sent so that peers keep ignoring what they do not know. */
export function isGrease(value: number): boolean {
  return (value & 0x0f0f) === 0x0a0a && value >> 8 === (value & 0xff)
}

/** `0x1234`, at least `digits` hexadecimal digits. */
export function hexText(value: number, digits = 4): string {
  return '0x' + value.toString(16).padStart(digits, '0')
}

/** A registry of two-byte numbers: name where there is one, `GREASE`, else `0x1234`. */
export class CodePoints {
  readonly #text: string
  readonly #prefix: string
  #names: Map<number, string> | undefined

  /**
   * `text`: lines of a hexadecimal number and names; the names get that number and the ones that follow it, with `prefix` in front.
   * It is taken apart at the first look-up, so that a program that never asks does not pay.
   */
  constructor(text: string, prefix = '') {
    this.#text = text
    this.#prefix = prefix
  }

  /** The registered name alone, without the fall-backs. */
  registered(value: number): string | undefined {
    return (this.#names ??= this.#parse()).get(value)
  }

  name(value: number): string {
    return this.registered(value) ?? (isGrease(value) ? 'GREASE' : hexText(value))
  }

  names(values: Iterable<number>): string[] {
    return Array.from(values, (value) => this.name(value))
  }

  entries(): Iterable<[number, string]> {
    return (this.#names ??= this.#parse()).entries()
  }

  #parse(): Map<number, string> {
    const names = new Map<number, string>()
    for (const line of this.#text.trim().split('\n')) {
      const [first, ...rest] = line.trim().split(' ')
      let value = Number.parseInt(first!, 16)
      for (const name of rest) names.set(value++, this.#prefix + name)
    }
    return names
  }
}
