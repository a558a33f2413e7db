import type { Buffer } from 'node:buffer'
import * as zlib from 'node:zlib'
import type { Header } from './headers.ts'
import { headerValue } from './headers.ts'
import { MAX_CODINGS } from './limits.ts'

/** How much more than asked for one decoding may yield before it counts as a bomb and is tried on less input. */
const SLACK = 8

export interface DecodedBody {
  readonly bytes: Buffer
  /** Codings that were undone, outermost first, as a list; empty where there were none. */
  readonly encoding: string
  /** Why a coding stands. */
  readonly problem: string | undefined
  readonly isWhole: boolean
  /** Size before it was cut to the limit. */
  readonly decodedBytes: number
}

/** The codings of a body in the order in which they must be undone: those of the transfer first (RFC 9112 §7, RFC 9110 §8.4). */
export function codingsOf(headers: readonly Header[]): string[] {
  const transfer = headerValue(headers, 'transfer-encoding')
  const content = headerValue(headers, 'content-encoding')
  if (content === '' && (transfer === '' || transfer === 'chunked')) return []
  return [...listOf(content), ...listOf(transfer)].reverse().filter((coding) => coding !== 'identity' && coding !== 'chunked')
}

function listOf(value: string): string[] {
  return value.split(',').map((coding) => coding.split(';', 1)[0]!.trim().toLowerCase()).filter((coding) => coding !== '')
}

/** Undoes codings until one cannot be undone. At most `limitBytes` come out, and not much more is ever held. */
export function decodeBody(sent: Buffer, codings: readonly string[], limitBytes: number, isCut: boolean): DecodedBody {
  let bytes = sent
  let isWhole = !isCut
  let problem: string | undefined
  const undone: string[] = []
  for (const [index, coding] of codings.entries()) {
    const step = index >= MAX_CODINGS ? `more than ${MAX_CODINGS} codings` : undo(coding, bytes, limitBytes, isWhole)
    if (typeof step === 'string') {
      problem = step
      break
    }
    bytes = step.bytes
    isWhole = step.isWhole
    undone.push(coding)
  }
  const shown = bytes.length > limitBytes ? bytes.subarray(0, limitBytes) : bytes
  return { bytes: shown, encoding: undone.join(', '), problem, isWhole: isWhole && shown === bytes, decodedBytes: bytes.length }
}

type Inflate = (bytes: Buffer, isWhole: boolean, maxOutputLength: number) => Buffer

const { constants } = zlib

const gunzip: Inflate = (bytes, isWhole, maxOutputLength) =>
  zlib.gunzipSync(bytes, { maxOutputLength, finishFlush: isWhole ? constants.Z_FINISH : constants.Z_SYNC_FLUSH })

/** `deflate` means the zlib format, and some senders mean it raw (RFC 9110 §8.4.1.2). */
const inflate: Inflate = (bytes, isWhole, maxOutputLength) => {
  const options = { maxOutputLength, finishFlush: isWhole ? constants.Z_FINISH : constants.Z_SYNC_FLUSH }
  const hasZlibHeader = (bytes[0]! & 0x0f) === 8 && (bytes[0]! * 256 + bytes[1]!) % 31 === 0
  return hasZlibHeader ? zlib.inflateSync(bytes, options) : zlib.inflateRawSync(bytes, options)
}

const brotli: Inflate = (bytes, isWhole, maxOutputLength) => zlib.brotliDecompressSync(bytes, {
  maxOutputLength, finishFlush: isWhole ? constants.BROTLI_OPERATION_FINISH : constants.BROTLI_OPERATION_FLUSH,
})

const zstd: Inflate = (bytes, isWhole, maxOutputLength) => zlib.zstdDecompressSync(bytes, {
  maxOutputLength, finishFlush: isWhole ? constants.ZSTD_e_end : constants.ZSTD_e_flush,
})

const INFLATES: ReadonlyMap<string, Inflate> = new Map([
  ['gzip', gunzip], ['x-gzip', gunzip], ['deflate', inflate], ['br', brotli],
  // Node has it since 22.15.
  ...typeof zlib.zstdDecompressSync === 'function' ? [['zstd', zstd] as const] : [],
])

/** The bytes with one coding undone, or why that is not possible. */
function undo(coding: string, bytes: Buffer, limitBytes: number, isWhole: boolean): { bytes: Buffer, isWhole: boolean } | string {
  const decode = INFLATES.get(coding)
  if (decode === undefined) return `${coding} is not known`
  const maxOutputLength = limitBytes * SLACK
  for (let size = bytes.length; size > 0; size = Math.floor(size / 2)) {
    const wholeNow = isWhole && size === bytes.length
    try {
      const undone = decode(bytes.subarray(0, size), wholeNow, maxOutputLength)
      // Codings work in blocks, of which the first may be cut off.
      return undone.length > 0 || wholeNow ? { bytes: undone, isWhole: wholeNow } : `${coding}: too little of it is here`
    } catch (error) {
      if (codeOf(error) !== 'ERR_BUFFER_TOO_LARGE') return `${coding}: ${codeOf(error)}`
    }
  }
  return `${coding} expands too far`
}

function codeOf(error: unknown): string {
  const code: unknown = (error as { code?: unknown } | undefined)?.code
  return typeof code === 'string' ? code : 'broken'
}
