import { CLIENT, SERVER } from '../../src/model/side.ts'
import type { CapturedStep } from './captured-steps.ts'
import { capturedSteps } from './captured-steps.ts'
import { PcapOutput } from './pcap-output.ts'
import { SeededRandom } from './seeded-random.ts'
import { ACK, FIN, PSH, SYN, TcpSpeaker } from './tcp-speaker.ts'

const CONNECTIONS = 64
const NOTHING = new Uint8Array(0)
const FRAME_HEADER_BYTES = 9
const PREFACE = 'PRI * HTTP/2.0'
const PREFACE_BYTES = 24

/** A part of a real connection that can be said again and again: steps [from, to) of it, behind those before. */
export interface Loop {
  readonly capture: string
  /** Of the capture, in the order of their first packets; 'all': those of all, one behind the other. */
  readonly connection: number | 'all'
  readonly from: number
  readonly to: number
  /** Streams of HTTP/2 that one turn uses up: their numbers go on from turn to turn. */
  readonly streams?: number
}

/** The steps of a connection that are said once, and those that are said in each turn. */
export async function stepsOf({ capture, connection, from, to }: Loop): Promise<{ before: CapturedStep[], turn: CapturedStep[] }> {
  const all = await capturedSteps(capture)
  const steps = connection === 'all' ? all.flat() : all[connection]!
  return { before: steps.slice(0, from), turn: steps.slice(from, Math.min(to, steps.length)) }
}

/** Writes connections that stay open, as between a service and its pool: each says the loop `turns` times, all of them in turn. */
export async function writeSteadyPcap(loop: Loop, serverPort: number, turns: number, path: string): Promise<{ sizeBytes: number }> {
  const { before, turn } = await stepsOf(loop)
  const out = new PcapOutput(path)
  const random = new SeededRandom(1)
  const pairs = Array.from({ length: CONNECTIONS }, (_, i) => new Pair(i, serverPort, random, out))
  for (const pair of pairs) pair.open()
  for (const pair of pairs) for (const step of before) pair.say(step)
  for (let n = 0; n < turns; n++) for (const pair of pairs) for (const step of turn) pair.say(loop.streams === undefined ? step : renumbered(step, n * loop.streams * 2))
  for (const pair of pairs) pair.close()
  out.close()
  return { sizeBytes: out.sizeBytes }
}

export function turnsFor(turns: number): number {
  return Math.max(1, Math.ceil(turns / CONNECTIONS))
}

/** Frames of HTTP/2, the numbers of their streams raised. A segment holds whole frames. */
function renumbered({ side, bytes }: CapturedStep, by: number): CapturedStep {
  const copy = Uint8Array.from(bytes)
  const view = new DataView(copy.buffer)
  let at = Buffer.from(copy.subarray(0, PREFACE.length)).toString('latin1') === PREFACE ? PREFACE_BYTES : 0
  while (at + FRAME_HEADER_BYTES <= copy.length) {
    const stream = view.getUint32(at + 5)
    if (stream > 0) view.setUint32(at + 5, stream + by)
    at += FRAME_HEADER_BYTES + (view.getUint16(at) << 8 | view.getUint8(at + 2))
  }
  return { side, bytes: copy }
}

const clock = { atMicros: 1_718_875_800_000_000 }

/** Both ends of a connection. */
class Pair {
  readonly #ends: readonly [TcpSpeaker, TcpSpeaker]
  readonly #random: SeededRandom
  readonly #out: PcapOutput

  constructor(number: number, serverPort: number, random: SeededRandom, out: PcapOutput) {
    const client = new TcpSpeaker({ mac: 0x0a000000 + number, ip: 0x0a000000 + 10 + number % 40, port: 32768 + number }, random)
    const server = new TcpSpeaker({ mac: 0x0a010001, ip: 0x0a010001, port: serverPort }, random)
    client.meet(server)
    this.#ends = [client, server]
    this.#random = random
    this.#out = out
  }

  #packet(end: TcpSpeaker, flags: number, payload = NOTHING): void {
    clock.atMicros += this.#random.between(1, 30)
    end.say(this.#out, clock.atMicros, flags, payload, 0, payload.length)
  }

  open(): void {
    this.#packet(this.#ends[CLIENT], SYN)
    this.#packet(this.#ends[SERVER], SYN | ACK)
    this.#packet(this.#ends[CLIENT], ACK)
  }

  /** What was one segment is one again. Each is acknowledged, as a real peer does where it has nothing to say yet. */
  say({ side, bytes }: CapturedStep): void {
    this.#packet(this.#ends[side], PSH | ACK, bytes as Uint8Array<ArrayBuffer>)
    this.#packet(this.#ends[1 - side]!, ACK)
  }

  close(): void {
    this.#packet(this.#ends[CLIENT], FIN | ACK)
    this.#packet(this.#ends[SERVER], FIN | ACK)
    this.#packet(this.#ends[CLIENT], ACK)
  }
}
