import { endsOf } from './tshark-http1.ts'
import { all, bytesOf, first, packetsOf } from './pdml.ts'
import type { Field } from './pdml.ts'

/** All that one side said on one stream. */
export interface Http2Half {
  /** Header blocks in order, each as sorted lines `name: value`. */
  readonly blocks: string[][]
  /** Of DATA frames, without padding. */
  bodyBytes: number
  /** In hexadecimal; undefined where the reader shows the body otherwise than it was sent. */
  body: string | undefined
  /** Names as tshark has them: `REFUSED_STREAM`. */
  reset: string | undefined
}

/** `stream sender`: what was said; and the GOAWAY frames that carry an error, in order. */
export interface Http2Reading { readonly halves: Map<string, Http2Half>, readonly goaways: string[] }

/** What tshark makes of the HTTP/2 in a capture. */
export function tsharkHttp2(path: string, options: readonly string[] = []): Http2Reading {
  const reading: Http2Reading = { halves: new Map(), goaways: [] }
  for (const packet of packetsOf(path, 'http2', options)) {
    const { sender, receiver } = endsOf(packet)
    for (const frame of all(packet, 'http2.stream')) take(reading, frame, sender, receiver)
  }
  return reading
}

export function halfOf(reading: Http2Reading, key: string): Http2Half {
  let half = reading.halves.get(key)
  if (half === undefined) reading.halves.set(key, half = { blocks: [], bodyBytes: 0, body: '', reset: undefined })
  return half
}

function take(reading: Http2Reading, frame: Field, sender: string, receiver: string): void {
  const key = `${first(frame, 'http2.streamid')?.show} ${sender} > ${receiver}`
  const type = Number(first(frame, 'http2.type')?.show)
  const fields = all(frame, 'http2.header').filter((field) => first(field, 'http2.header.name') !== undefined).map(lineOf)
  if (type === 0) addData(halfOf(reading, key), frame)
  else if (type === 5) halfOf(reading, key.replace(/^\d+/, first(frame, 'http2.push_promise.promised_stream_id')?.show ?? '')).blocks.push(fields.toSorted())
  else if (type === 9) goOn(halfOf(reading, key), fields)
  else if (fields.length > 0) halfOf(reading, key).blocks.push(fields.toSorted())
  if (type === 3) halfOf(reading, key).reset = wordOf(first(frame, 'http2.rst_stream.error'))
  const error = wordOf(first(frame, 'http2.goaway.error'))
  if (type === 7 && error !== 'NO_ERROR') reading.goaways.push(`${sender} ${error} ${first(frame, 'http2.goaway.last_stream_id')?.show}`)
}

/** CONTINUATION: tshark shows each field in the frame where it ends. */
function goOn({ blocks }: Http2Half, fields: string[]): void {
  blocks.push([...blocks.pop() ?? [], ...fields].toSorted())
}

/** In the last frame of a body tshark shows all of it, put together and decoded. */
function addData(half: Http2Half, frame: Field): void {
  const isPadded = /^(1|True)$/.test(first(frame, 'http2.flags.padded')?.show ?? '')
  const bytes = Number(first(frame, 'http2.length')?.show) - (isPadded ? 1 + Number(first(frame, 'http2.pad_length')?.show) : 0)
  const shown = bytesOf(first(frame, 'http2.data.data'))
  half.bodyBytes += bytes
  half.body = shown.length === bytes && half.body !== undefined ? half.body + shown.toString('hex') : undefined
}

/** What is redacted by default is so here. */
const HIDDEN = new Set(['authorization', 'cookie', 'set-cookie'])

function lineOf(field: Field): string {
  const text = (name: string): string => bytesOf(first(field, name)).toString('utf8')
  const name = text('http2.header.name')
  return `${name}: ${HIDDEN.has(name) ? '[redacted]' : text('http2.header.value')}`
}

/** `Error: CANCEL (8)`. */
function wordOf(field: Field | undefined): string {
  return /: (\w+)/.exec(field?.label ?? '')?.[1] ?? ''
}
