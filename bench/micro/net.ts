/**
 * What a packet costs in src/net: decode + find + segment of in-order Ethernet/IPv4/TCP, in nanoseconds, median and best of several rounds.
 * Run: node bench/micro/net.ts
 */
import { CLIENT, SERVER } from '../../src/model/side.ts'
import { Decoder } from '../../src/net/decode.ts'
import { FlowNode, FlowTable } from '../../src/net/flow-table.ts'
import { Packet } from '../../src/net/packet.ts'
import type { StreamSink } from '../../src/net/reassembly.ts'
import { ReassemblyBudget, TcpConnection } from '../../src/net/reassembly.ts'
import { ethernet, ipv4, ipv6, tcp } from '../../test/frames.ts'

const ROUNDS = 15
const PACKETS_A_ROUND = 200_000

class Flow extends FlowNode implements StreamSink {
  readonly tcp: TcpConnection
  bytes = 0

  constructor(budget: ReassemblyBudget) {
    super()
    this.tcp = new TcpConnection(this, budget)
  }

  data(_side: number, _buf: Uint8Array, from: number, to: number): void {
    this.bytes += to - from
  }

  gap(_side: number, bytes: number): never {
    throw new Error(`unexpected gap of ${bytes}`)
  }

  end(): void {}
  anomaly(): void {}
}

interface Case { name: string, connections: number, payloadBytes: number, version: 4 | 6, payloadOnly?: boolean }

/** All frames of all connections, one behind the other, in both directions; every connection exchanges one segment a turn. */
function buildFrames({ connections, payloadBytes, version }: Case): { buf: Uint8Array, offsets: number[], sizes: number[] } {
  const frames: Uint8Array[] = []
  const payload = new Uint8Array(payloadBytes).fill(97)
  for (let i = 0; i < connections; i++) {
    const [client, server] = version === 4 ? [`10.0.${i >> 8}.${i & 255}`, '10.9.0.1'] : [`fd00::${i.toString(16)}`, 'fd00:9::1']
    for (const isClient of [true, false]) {
      const segment = tcp({ srcPort: isClient ? 40000 : 80, dstPort: isClient ? 80 : 40000, flags: 0x18, options: new Uint8Array(12).fill(1), payload })
      const ends = isClient ? { src: client, dst: server } : { src: server, dst: client }
      const ip = version === 4 ? ipv4({ ...ends, protocol: 6, payload: segment }) : ipv6({ ...ends, next: 6, payload: segment })
      frames.push(ethernet({ type: version === 4 ? 0x0800 : 0x86dd, payload: ip }))
    }
  }
  const offsets: number[] = []
  const buf = new Uint8Array(frames.reduce((sum, frame) => sum + frame.length, 0))
  let at = 0
  for (const frame of frames) {
    offsets.push(at)
    buf.set(frame, at)
    at += frame.length
  }
  return { buf, offsets, sizes: frames.map((frame) => frame.length) }
}

function put32(buf: Uint8Array, at: number, value: number): void {
  buf[at] = value >>> 24
  buf[at + 1] = value >>> 16
  buf[at + 2] = value >>> 8
  buf[at + 3] = value
}

function run(test: Case): number[] {
  const { buf, offsets, sizes } = buildFrames(test)
  const tcpAt = test.version === 4 ? 34 : 54
  const decoder = new Decoder()
  const packet = new Packet()
  const budget = new ReassemblyBudget()
  const table = new FlowTable<Flow>()
  let turn = 1
  let atMicros = 1.7e15
  const nanos: number[] = []
  for (let round = 0; round < ROUNDS; round++) {
    const started = process.hrtime.bigint()
    let done = 0
    while (done < PACKETS_A_ROUND) {
      for (let i = 0; i < offsets.length; i++, done++) {
        const offset = offsets[i]!
        const isClient = (i & 1) === 0
        put32(buf, offset + tcpAt + 4, turn * test.payloadBytes)
        put32(buf, offset + tcpAt + 8, isClient ? turn * test.payloadBytes : (turn + 1) * test.payloadBytes)
        decoder.decode(buf, offset, sizes[i]!, sizes[i]!, 1, ++atMicros, packet)
        let flow = table.find(packet, 6, 0)
        if (flow === undefined) {
          flow = new Flow(budget)
          table.add(flow, packet, 6, 0, isClient ? CLIENT : SERVER)
          table.side = isClient ? CLIENT : SERVER
        }
        flow.tcp.segment(table.side, packet, atMicros)
        table.touch(flow, atMicros)
      }
      turn++
    }
    nanos.push(Number(process.hrtime.bigint() - started) / done)
  }
  const bytes = [...table].reduce((sum, flow) => sum + flow.bytes, 0)
  if (bytes !== (turn - 1) * offsets.length * test.payloadBytes) throw new Error('bytes are missing')
  return nanos.toSorted((a, b) => a - b)
}

const CASES: Case[] = [
  { name: 'IPv4, 1 connection, 200 bytes', connections: 1, payloadBytes: 200, version: 4 },
  { name: 'IPv4, 64 connections, 200 bytes', connections: 64, payloadBytes: 200, version: 4 },
  { name: 'IPv4, 1000 connections, 200 bytes', connections: 1000, payloadBytes: 200, version: 4 },
  { name: 'IPv4, 64 connections, 1448 bytes', connections: 64, payloadBytes: 1448, version: 4 },
  { name: 'IPv4, 64 connections, no payload', connections: 64, payloadBytes: 0, version: 4 },
  { name: 'IPv6, 64 connections, 200 bytes', connections: 64, payloadBytes: 200, version: 6 },
]

for (const test of CASES) {
  const nanos = run(test)
  console.log(`${test.name.padEnd(36)} median ${nanos[ROUNDS >> 1]!.toFixed(0).padStart(4)} ns   best ${nanos[0]!.toFixed(0).padStart(4)} ns`)
}
