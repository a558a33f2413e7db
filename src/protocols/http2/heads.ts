import { isAscii, textOf } from '../http/headers.ts'
import type { Header } from '../http/headers.ts'
import { LensHalf } from '../http/lensed.ts'
import type { HttpCall, HttpHalf, HttpHeads } from '../http/lens.ts'
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

export function headsOf(request: Half | undefined, response: Half | undefined): HttpHeads {
  return {
    method: request?.method ?? '', target: textOf(request?.path ?? ''), requestType: request?.contentType ?? '', responseType: response?.contentType ?? '',
  }
}

export function callOf(request: Half | undefined, response: Half | undefined): HttpCall {
  return {
    method: request?.method ?? '',
    target: textOf(request?.path ?? ''),
    status: response === undefined || response.status === 0 ? undefined : response.status,
    request: request && lensHalf(request),
    response: response && lensHalf(response),
  }
}

function lensHalf(half: Half): HttpHalf {
  return new LensHalf(headersOf(half.fields), headersOf(half.trailers ?? []), half.body, half.bodyBytes, half.complete)
}
