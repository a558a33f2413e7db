import { isAscii, textOf } from '../http/headers.ts'
import type { Header } from '../http/headers.ts'
import { LensHalf } from '../http/lensed.ts'
import type { HttpCall, HttpHalf, HttpHeads, HttpReset } from '../http/lens.ts'
import type { Half } from './half.ts'
import type { HeaderField } from './header-field.ts'

/** Header fields without the pseudo-header fields, as text. */
export function headersOf(fields: readonly HeaderField[]): Header[] {
  const headers: Header[] = []
  for (const { name, value } of fields) {
    if (!name.startsWith(':')) headers.push({ name: textOf(name), value: isAscii(value) ? value : textOf(value) })
  }
  return headers
}

/** What the lenses decide by, as far as it is here. */
export class Http2Heads implements HttpHeads {
  readonly #request: Half | undefined
  readonly #response: Half | undefined

  constructor(request: Half | undefined, response: Half | undefined) {
    this.#request = request
    this.#response = response
  }

  get method(): string {
    return this.#request === undefined ? '' : this.#request.method
  }

  get target(): string {
    return this.#request === undefined ? '' : textOf(this.#request.path)
  }

  get requestType(): string {
    return this.#request === undefined ? '' : this.#request.contentType
  }

  get responseType(): string {
    return this.#response === undefined ? '' : this.#response.contentType
  }
}

export function callOf(request: Half | undefined, response: Half | undefined, reset: HttpReset | undefined): HttpCall {
  return {
    method: request?.method ?? '',
    target: textOf(request?.path ?? ''),
    status: response === undefined || response.status === 0 ? undefined : response.status,
    request: request && lensHalf(request),
    response: response && lensHalf(response),
    reset,
  }
}

function lensHalf(half: Half): HttpHalf {
  return new LensHalf(headersOf(half.fields), headersOf(half.trailers ?? []), half.body, half.bodyBytes, half.complete)
}
