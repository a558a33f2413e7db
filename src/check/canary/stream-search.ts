import type { TokenForm } from './token.ts'

/** Finds the forms of a token in ordered bytes that are cut anywhere. Keeps less than the longest form. */
export class StreamSearch {
  readonly #forms: readonly TokenForm[]
  readonly #longest: number
  /** The end of what came before. */
  #carry: Buffer = Buffer.alloc(0)

  constructor(forms: readonly TokenForm[]) {
    this.#forms = forms
    this.#longest = Math.max(...forms.map(({ bytes }) => bytes.length))
  }

  /** The form that ends first in `buf[from, to)`. */
  data(buf: Uint8Array, from: number, to: number): TokenForm | undefined {
    const chunk = Buffer.from(buf.buffer, buf.byteOffset + from, to - from)
    const bytes = this.#carry.length === 0 ? chunk : Buffer.concat([this.#carry, chunk])
    const found = findForm(bytes, this.#forms)
    // Nothing of what was found is kept: it would be found again.
    const keepFrom = Math.max(found?.end ?? 0, bytes.length - (this.#longest - 1))
    this.#carry = Buffer.from(bytes.subarray(keepFrom))
    return found?.form
  }

  /** What comes next does not follow what came. */
  gap(): void {
    this.#carry = Buffer.alloc(0)
  }
}

/** `end`: behind its last byte. */
export function findForm(bytes: Buffer, forms: readonly TokenForm[]): { form: TokenForm, end: number } | undefined {
  let first: { form: TokenForm, end: number } | undefined
  for (const form of forms) {
    const at = bytes.indexOf(form.bytes)
    const end = at + form.bytes.length
    if (at >= 0 && (first === undefined || end < first.end)) first = { form, end }
  }
  return first
}
