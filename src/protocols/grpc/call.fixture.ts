import type { Header } from '../http/headers.ts'
import type { HttpCall, HttpHalf, LensView } from '../http/lens.ts'
import type { Settings } from '../protocol.ts'
import { DEFAULT_SETTINGS } from '../protocol.ts'
import { grpcLens } from './grpc.ts'

export type Fields = Readonly<Record<string, string>>

/** A message with its prefix. */
export function framed(message: Uint8Array, flags = 0): Buffer {
  const prefix = Buffer.alloc(5)
  prefix[0] = flags
  prefix.writeUInt32BE(message.length, 1)
  return Buffer.concat([prefix, message])
}

function headersOf(fields: Fields): Header[] {
  return Object.entries(fields).map(([name, value]) => ({ name, value }))
}

/** `sentBytes`: length of a body of which only the first part was kept. */
export function half(headers: Fields, body: Uint8Array = Buffer.alloc(0), trailers: Fields = {}, sentBytes = body.length): HttpHalf {
  const bytes = Buffer.from(body)
  return {
    headers: headersOf(headers), trailers: headersOf(trailers), contentType: headers['content-type'] ?? '', bodyBytes: sentBytes,
    body: () => bytes, bodyLatin1: () => bytes.toString('latin1'), bodyIsWhole: sentBytes === body.length,
  }
}

export const GRPC = { 'content-type': 'application/grpc' }

export function callOf(request: HttpHalf | undefined, response: HttpHalf | undefined, target = '/shop.Cart/Get', status: number | undefined = response && 200): HttpCall {
  return { method: request === undefined ? '' : 'POST', target: request === undefined ? '' : target, status, request, response }
}

export function look(call: HttpCall, settings: Settings = { ...DEFAULT_SETTINGS }): LensView {
  return grpcLens.look(call, settings)!
}
