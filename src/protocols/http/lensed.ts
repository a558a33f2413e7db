import { Buffer } from 'node:buffer'
import type { Settings } from '../protocol.ts'
import { latin1 } from './bytes.ts'
import { codingsOf, decodeBody } from './content-coding.ts'
import type { Header } from './headers.ts'
import { headerValue } from './headers.ts'
import type { KeptBytes } from './kept-bytes.ts'
import type { HttpCall, HttpHalf, Lens, LensView } from './lens.ts'

const NO_BYTES = Buffer.alloc(0)

/** A body as lenses see it. */
export interface KeptBody {
  /** Codings undone. Empty where that is not possible: no lens reads through them. */
  readonly bytes: Buffer
  readonly isWhole: boolean
}

/** `isOver`: `bodyBytes` is the length of the whole body, as sent. */
export function decodeKept(kept: KeptBytes | undefined, bodyBytes: number, isOver: boolean, codings: readonly string[]): KeptBody {
  if (kept === undefined) return { bytes: NO_BYTES, isWhole: isOver && bodyBytes === 0 }
  const isCut = !isOver || kept.length < bodyBytes
  if (codings.length === 0) return { bytes: kept.bytes(), isWhole: !isCut }
  const decoded = decodeBody(kept.bytes(), codings, kept.limitBytes, isCut)
  return decoded.problem === undefined ? { bytes: decoded.bytes, isWhole: decoded.isWhole } : { bytes: NO_BYTES, isWhole: false }
}

/** One direction of an exchange for a lens, where the headers are at hand; the body is decoded when the lens asks for it. */
export class LensHalf implements HttpHalf {
  readonly headers: readonly Header[]
  readonly trailers: readonly Header[]
  readonly bodyBytes: number
  readonly #kept: KeptBytes | undefined
  readonly #isOver: boolean
  #body: KeptBody | undefined

  /** `isOver`: `bodyBytes` is the length of the whole body. */
  constructor(headers: readonly Header[], trailers: readonly Header[], kept: KeptBytes | undefined, bodyBytes: number, isOver: boolean) {
    this.headers = headers
    this.trailers = trailers
    this.bodyBytes = bodyBytes
    this.#kept = kept
    this.#isOver = isOver
  }

  body(): Buffer {
    return this.#decoded.bytes
  }

  bodyLatin1(): string {
    return latin1(this.#decoded.bytes, 0, this.#decoded.bytes.length)
  }

  get contentType(): string {
    return headerValue(this.headers, 'content-type')
  }

  get bodyIsWhole(): boolean {
    return this.#decoded.isWhole
  }

  get #decoded(): KeptBody {
    return this.#body ??= decodeKept(this.#kept, this.bodyBytes, this.#isOver, codingsOf(this.headers))
  }
}

/** What a lens says of an exchange. */
export interface Lensed { readonly name: string, readonly view: LensView }

/** Lets the lens that claimed the exchange look at it. */
export function lookThrough(lens: Lens, call: HttpCall, settings: Settings): Lensed | undefined {
  const view = lens.look(call, settings)
  return view === undefined ? undefined : { name: lens.name, view }
}

/** The fields of HTTP with those of the lens, which stand under its name. */
export function withLens<View extends object>(view: View, name: string, fields: object | undefined): View {
  return fields === undefined ? view : { ...view, [name]: fields }
}
