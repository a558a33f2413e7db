import { extendedErrorName, optionName } from './codes.ts'
import { DataReader } from './data-reader.ts'
import { padded } from './data-special.ts'
import { doubleWord, word } from './header.ts'
import { MAX_SHOWN_OPTIONS } from './limits.ts'

export interface EdnsView {
  readonly version: number
  readonly udpPayloadBytes: number
  readonly dnssecOk?: true
  readonly options: readonly OptionView[]
}

export interface OptionView { readonly code: number, readonly name: string, readonly [detail: string]: unknown }

const DNSSEC_OK = 0x8000

/** Upper eight bits of the rcode (RFC 6891 §6.1.3). `at` is where the class of the OPT record is. */
export function upperRcode(bytes: Uint8Array, at: number): number {
  return bytes[at + 2]! << 4
}

/** The OPT record whose class is at `at` (RFC 6891 §6.1.2). */
export function ednsView(bytes: Uint8Array, at: number, end: number): EdnsView {
  const flags = doubleWord(bytes, at + 2)
  const from = at + 8
  const r = new DataReader(bytes, 0, from, Math.min(end, from + word(bytes, at + 6)))
  const options: OptionView[] = []
  while (r.left > 0 && !r.failed && options.length < MAX_SHOWN_OPTIONS) options.push(option(r))
  return {
    version: flags >>> 16 & 255, udpPayloadBytes: word(bytes, at), ...(flags & DNSSEC_OK) !== 0 && { dnssecOk: true as const }, options,
  }
}

function option(r: DataReader): OptionView {
  const code = r.number(2)
  const value = r.part(r.number(2))
  if (r.failed) return { code, name: optionName(code), malformed: true }
  const raw = Buffer.from(value.bytes.buffer, value.bytes.byteOffset + value.at, value.left)
  const details = DETAILS[optionName(code)]?.(value)
  if (details === undefined || value.failed) {
    return { code, name: optionName(code), hex: raw.toString('hex'), ...details !== undefined && { malformed: true } }
  }
  return { code, name: optionName(code), ...details }
}

const DETAILS: Record<string, (r: DataReader) => Record<string, unknown>> = {
  'ECS': clientSubnet,
  'COOKIE': (r) => {
    const client = r.take(8).toString('hex')
    return r.left === 0 ? { client } : { client, server: r.rest().toString('hex') }
  },
  'PADDING': (r) => ({ sizeBytes: r.rest().length }),
  'EDE': (r) => {
    const infoCode = r.number(2)
    const text = r.rest().toString('utf8')
    return { infoCode, error: extendedErrorName(infoCode), ...text !== '' && { text } }
  },
  'NSID': (r) => textOrHex(r.rest()),
  'EXPIRE': (r) => r.left === 0 ? {} : { seconds: r.number(4) },
  // Tenths of a second (RFC 7828 §3.1).
  'KEEPALIVE': (r) => r.left === 0 ? {} : { timeoutMs: r.number(2) * 100 },
  'DAU': algorithms, 'DHU': algorithms, 'N3U': algorithms,
  'KEY-TAG': (r) => {
    const tags: number[] = []
    while (r.left > 0 && !r.failed) tags.push(r.number(2))
    return { tags }
  },
  'CHAIN': (r) => ({ closest: r.name() }),
  'REPORT-CHANNEL': (r) => ({ agent: r.name() }),
  'LLQ': (r) => ({ version: r.number(2), opcode: r.number(2), error: r.number(2), id: r.take(8).toString('hex'), leaseSeconds: r.number(4) }),
  'UPDATE-LEASE': (r) => ({ leaseSeconds: r.number(4), ...r.left > 0 && { keyLeaseSeconds: r.number(4) } }),
  'ZONEVERSION': (r) => r.left === 0 ? {} : { labels: r.number(1), type: r.number(1), version: r.rest().toString('hex') },
}

function algorithms(r: DataReader): Record<string, unknown> {
  return { algorithms: [...r.rest()] }
}

/** RFC 7871 §6. */
function clientSubnet(r: DataReader): Record<string, unknown> {
  const family = r.number(2)
  const [sourceBits, scopeBits] = [r.number(1), r.number(1)]
  return { family, subnet: `${padded(r.rest(), family)}/${sourceBits}`, scopeBits }
}

function textOrHex(bytes: Buffer): Record<string, unknown> {
  const text = bytes.toString('latin1')
  return /^[\x20-\x7e]+$/.test(text) ? { text } : { hex: bytes.toString('hex') }
}
