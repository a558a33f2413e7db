import type { NameRecord } from '../../src/net/pcapng-names.ts'
import { PcapngWriter } from '../../src/net/pcapng-writer.ts'
import { joinBytes, pcapFile } from '../capture-bytes.ts'
import type { PcapRecord } from '../capture-bytes.ts'
import { concat, ethernet, ipv4, tcp, text } from '../frames.ts'

/** A request and its answer as they are on the wire. Text is UTF-8. */
export interface Exchange {
  readonly request: string | Uint8Array
  readonly response: string | Uint8Array
  readonly client?: string
  readonly server?: string
  readonly port?: number
  /** Seconds between the two; 0.002 by default. */
  readonly waitSeconds?: number
}

const SYN = 0x02
const ACK = 0x10
const PSH_ACK = 0x18
const START_SECONDS = 1_790_000_000
const SEGMENT_BYTES = 1400
const PCAP_HEADER_BYTES = 24
const RECORDS_A_PART = 4000

/** A pcap file in which each exchange has a connection of its own, ten milliseconds after the one before. */
export function httpCapture(exchanges: readonly Exchange[]): Uint8Array {
  return pcapFile(exchanges.flatMap((exchange, at) => connection(exchange, at)))
}

/** The same as a pcapng file that says what addresses are called. */
export function namedCapture(exchanges: readonly Exchange[], names: readonly NameRecord[]): Uint8Array {
  const writer = new PcapngWriter()
  const header = writer.header()
  writer.names(names)
  const { id } = writer.addInterface({ linkType: 1 })
  for (const { seconds, fraction, bytes } of exchanges.flatMap((exchange, at) => connection(exchange, at))) {
    writer.frame(id, bytes, 0, bytes.length, bytes.length, seconds * 1_000_000 + fraction)
  }
  return joinBytes(header, writer.take())
}

/** `count` exchanges on one connection, one after the other: `GET /item/0` and so on. */
export function longCapture(count: number): Uint8Array {
  const parts: Uint8Array[] = []
  let records: PcapRecord[] = []
  let seq = 101
  let ack = 501
  for (let at = 0; at < count; at++) {
    const asked = text(`GET /item/${at} HTTP/1.1\r\nHost: shop\r\n\r\n`)
    const answered = text(`HTTP/1.1 ${at % 100 === 0 ? '500 Oops' : '200 OK'}\r\nContent-Length: 2\r\n\r\nok`)
    records.push(
      frame(START_SECONDS + at * 0.001, '10.1.0.1', '10.1.0.2', tcp({ srcPort: 40_000, dstPort: 8080, seq, ack, flags: PSH_ACK, payload: asked })),
      frame(START_SECONDS + at * 0.001 + 0.0005, '10.1.0.2', '10.1.0.1', tcp({ srcPort: 8080, dstPort: 40_000, seq: ack, ack: seq + asked.length, flags: PSH_ACK, payload: answered })),
    )
    seq += asked.length
    ack += answered.length
    if (records.length < RECORDS_A_PART && at < count - 1) continue
    const part = pcapFile(records)
    parts.push(parts.length === 0 ? part : part.subarray(PCAP_HEADER_BYTES))
    records = []
  }
  return concat(...parts)
}

/** `GET /path HTTP/1.1` with headers and a body, its length added. */
export function httpText(start: string, headers: readonly string[], body: string | Uint8Array = ''): Uint8Array {
  const bytes = typeof body === 'string' ? text(body) : body
  return concat(text(`${[start, ...headers, `Content-Length: ${bytes.length}`].join('\r\n')}\r\n\r\n`), bytes)
}

function connection({ request, response, client = '10.1.0.1', server = '10.1.0.2', port = 8080, waitSeconds = 0.002 }: Exchange, at: number): PcapRecord[] {
  const srcPort = 20_000 + (at % 40_000)
  const start = START_SECONDS + at * 0.01
  const asked = bytesOf(request)
  const answered = bytesOf(response)
  const out = (seconds: number, seq: number, ack: number, flags: number, payload?: Uint8Array): PcapRecord =>
    frame(start + seconds, client, server, tcp({ srcPort, dstPort: port, seq, ack, flags, ...payload && { payload } }))
  const back = (seconds: number, seq: number, ack: number, flags: number, payload?: Uint8Array): PcapRecord =>
    frame(start + seconds, server, client, tcp({ srcPort: port, dstPort: srcPort, seq, ack, flags, ...payload && { payload } }))
  return [
    out(0, 100, 0, SYN), back(0.0001, 500, 101, SYN | ACK), out(0.0002, 101, 501, ACK),
    ...segments(asked).map(([from, part], i) => out(0.0003 + i * 1e-5, 101 + from, 501, PSH_ACK, part)),
    ...segments(answered).map(([from, part], i) => back(0.0003 + waitSeconds + i * 1e-5, 501 + from, 101 + asked.length, PSH_ACK, part)),
  ]
}

function segments(bytes: Uint8Array): [number, Uint8Array][] {
  return Array.from({ length: Math.ceil(bytes.length / SEGMENT_BYTES) }, (_, i) => [i * SEGMENT_BYTES, bytes.subarray(i * SEGMENT_BYTES, (i + 1) * SEGMENT_BYTES)])
}

function frame(at: number, src: string, dst: string, payload: Uint8Array): PcapRecord {
  const micros = Math.round((at - START_SECONDS) * 1e6)
  return { seconds: START_SECONDS + Math.floor(micros / 1e6), fraction: micros % 1_000_000, bytes: ethernet({ payload: ipv4({ src, dst, protocol: 6, payload }) }) }
}

function bytesOf(value: string | Uint8Array): Uint8Array {
  return typeof value === 'string' ? text(value) : value
}
