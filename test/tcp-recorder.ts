import type { Side } from '../src/model/side.ts'
import { CLIENT, SERVER } from '../src/model/side.ts'
import { ACK, Packet } from '../src/net/packet.ts'
import { ReassemblyBudget, TcpConnection } from '../src/net/reassembly.ts'
import type { StreamSink } from '../src/net/reassembly.ts'

export interface SegmentOptions { seq: number, ack?: number, flags?: number, data?: string | Uint8Array, missing?: number }

export function segment({ seq, ack, flags = 0, data = '', missing = 0 }: SegmentOptions): Packet {
  const packet = new Packet()
  const payload = typeof data === 'string' ? new TextEncoder().encode(data) : data
  // not at 0, as payload never is; a Buffer, whose slice() is a view
  packet.buf = Buffer.alloc(payload.length + 3)
  packet.buf.set(payload, 3)
  packet.payloadOffset = 3
  packet.payloadLength = payload.length
  packet.payloadMissing = missing
  packet.seq = seq >>> 0
  packet.ack = (ack ?? 0) >>> 0
  packet.flags = flags | (ack === undefined ? 0 : ACK)
  return packet
}

/**
 * A TCP connection whose output is kept as text: one list a side, where adjoining data is joined,
 * gaps are `<n>`, ends `.` and anomalies `!what`.
 */
export class TcpRecorder implements StreamSink {
  readonly budget: ReassemblyBudget
  readonly tcp: TcpConnection
  readonly out: [string, string] = ['', '']
  /** Everything in the order it came, with its time. */
  readonly log: string[] = []
  #now = 0

  constructor(budget = new ReassemblyBudget()) {
    this.budget = budget
    this.tcp = new TcpConnection(this, budget)
  }

  data(side: Side, buf: Uint8Array, from: number, to: number, at: number): void {
    if (from >= to) throw new Error('no bytes')
    this.out[side] += new TextDecoder('latin1').decode(buf.subarray(from, to))
    this.log.push(`${at} data ${side} ${to - from}`)
  }

  gap(side: Side, bytes: number, at: number): void {
    if (bytes <= 0) throw new Error(`gap of ${bytes}`)
    this.out[side] += `<${bytes}>`
    this.log.push(`${at} gap ${side} ${bytes}`)
  }

  end(side: Side, at: number): void {
    this.out[side] += '.'
    this.log.push(`${at} end ${side}`)
  }

  anomaly(side: Side, what: string): void {
    this.out[side] += `!${what}!`
    this.log.push(`anomaly ${side} ${what}`)
  }

  client(o: SegmentOptions): this {
    return this.send(CLIENT, o)
  }

  server(o: SegmentOptions): this {
    return this.send(SERVER, o)
  }

  send(side: Side, o: SegmentOptions): this {
    const packet = segment(o)
    this.tcp.segment(side, packet, ++this.#now)
    // the bytes were borrowed
    packet.buf.fill(0xee)
    return this
  }

  close(): this {
    this.tcp.close(++this.#now)
    return this
  }
}
