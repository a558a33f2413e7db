// node bench/gen/mixed-pcap.ts --size 1000M --out FILE: a mesh at work, half of its connections mTLS, the others TLS, HTTP/1, HTTP/2, gRPC, Redis, PostgreSQL and Kafka.
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import type { CapturedStep } from './captured-steps.ts'
import { capturedSteps } from './captured-steps.ts'
import { PcapOutput } from './pcap-output.ts'
import { SeededRandom } from './seeded-random.ts'
import { ACK, FIN, PSH, SYN, TcpSpeaker } from './tcp-speaker.ts'

const CAPTURES = fileURLToPath(new URL('../../test/fixtures/captures/', import.meta.url))
/** Connections that are open at once. */
const OPEN = 128
const SERVICES = 40
const MSS = 1448
const NOTHING = new Uint8Array(0)
const APPLICATION_DATA = 23

/** A connection of a capture; of TLS its handshake, and behind it records of which nobody can tell what they hold. */
interface Kind { readonly capture: string, readonly connection: number, readonly port: number, readonly share: number, readonly handshakeSteps?: number }

const KINDS: readonly Kind[] = [
  { capture: 'tls-envoy.pcap', connection: 0, port: 15006, share: 4, handshakeSteps: 4 },
  { capture: 'tls13-mutual.pcapng', connection: 0, port: 8443, share: 3, handshakeSteps: 4 },
  { capture: 'tls12-mutual.pcapng', connection: 0, port: 8444, share: 2, handshakeSteps: 4 },
  { capture: 'tls-nginx.pcap', connection: 0, port: 443, share: 1, handshakeSteps: 4 },
  { capture: 'http1-wrk.pcap', connection: 1, port: 8080, share: 4 },
  { capture: 'http2-h2load.pcap', connection: 0, port: 8081, share: 1 },
  { capture: 'redis-sessions.pcap', connection: 0, port: 6379, share: 2 },
  { capture: 'postgres-pgbench.pcap', connection: 5, port: 5432, share: 2 },
  { capture: 'kafka-produce.pcap', connection: 0, port: 9092, share: 1 },
]
/** What one connection carries beyond its first words, in turns of a request and an answer. */
const TURNS = 60
const REQUEST_BYTES = 700
const RESPONSE_BYTES = 5200

function encrypted(sizeBytes: number, random: SeededRandom): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(sizeBytes)
  for (let i = 0; i < sizeBytes; i += 4) new DataView(bytes.buffer).setUint32(Math.min(i, sizeBytes - 4), random.word())
  bytes.set([APPLICATION_DATA, 3, 3, sizeBytes - 5 >> 8, sizeBytes - 5 & 255])
  return bytes
}

/** Both ends of a connection, which says its steps again and again, one at a time. */
class Pair {
  readonly #ends: readonly [TcpSpeaker, TcpSpeaker]
  readonly #steps: readonly CapturedStep[]
  readonly #turn: readonly CapturedStep[]
  #at = 0
  #turns = 0

  constructor(number: number, kind: Kind, steps: readonly CapturedStep[], records: readonly CapturedStep[], random: SeededRandom) {
    const client = new TcpSpeaker({ mac: 0x0a000000 + number, ip: 0x0a000000 + 256 + number % SERVICES, port: 1024 + number % 64_000 }, random)
    const server = new TcpSpeaker({ mac: 0x0a010001, ip: 0x0a010000 + number * 7 % SERVICES, port: kind.port }, random)
    client.meet(server)
    this.#ends = [client, server]
    this.#steps = steps.slice(0, kind.handshakeSteps)
    this.#turn = kind.handshakeSteps === undefined ? steps : records
  }

  #packet(out: PcapOutput, clock: Clock, side: number, flags: number, payload: Uint8Array = NOTHING, from = 0, to = payload.length): void {
    this.#ends[side]!.say(out, clock.next(), flags, payload, from, to)
  }

  open(out: PcapOutput, clock: Clock): void {
    this.#packet(out, clock, 0, SYN)
    this.#packet(out, clock, 1, SYN | ACK)
    this.#packet(out, clock, 0, ACK)
  }

  /** False at its end. */
  say(out: PcapOutput, clock: Clock): boolean {
    const steps = this.#turns === 0 && this.#steps.length > 0 ? this.#steps : this.#turn
    const { side, bytes } = steps[this.#at]!
    for (let from = 0; from < bytes.length; from += MSS) this.#packet(out, clock, side, PSH | ACK, bytes, from, Math.min(bytes.length, from + MSS))
    this.#packet(out, clock, 1 - side, ACK)
    if (++this.#at < steps.length) return true
    this.#at = 0
    if (++this.#turns < TURNS) return true
    this.#packet(out, clock, 0, FIN | ACK)
    this.#packet(out, clock, 1, FIN | ACK)
    this.#packet(out, clock, 0, ACK)
    return false
  }
}

class Clock {
  #micros = 1_718_875_800_000_000
  readonly #random: SeededRandom

  constructor(random: SeededRandom) {
    this.#random = random
  }

  next(): number {
    this.#micros += this.#random.between(1, 30)
    return this.#micros
  }
}

/** Connections until the file has that size; then those that are open are left so. */
export async function writeMixedPcap(sizeBytes: number, path: string): Promise<{ sizeBytes: number, frames: number }> {
  const random = new SeededRandom(1)
  const records: CapturedStep[] = [{ side: 0, bytes: encrypted(REQUEST_BYTES, random) }, { side: 1, bytes: encrypted(RESPONSE_BYTES, random) }]
  const steps = await Promise.all(KINDS.map(async ({ capture, connection }) => (await capturedSteps(`${CAPTURES}${capture}`))[connection]!))
  const shares = KINDS.flatMap(({ share }, i) => Array.from({ length: share }, () => i))
  const out = new PcapOutput(path)
  const clock = new Clock(random)
  let number = 0
  const open = (): Pair => {
    const kind = shares[number % shares.length]!
    const pair = new Pair(number++, KINDS[kind]!, steps[kind]!, records, random)
    pair.open(out, clock)
    return pair
  }
  const pairs = Array.from({ length: OPEN }, open)
  while (out.sizeBytes < sizeBytes) for (let i = 0; i < OPEN; i++) if (!pairs[i]!.say(out, clock)) pairs[i] = open()
  out.close()
  return { sizeBytes: out.sizeBytes, frames: out.frames }
}

if (import.meta.main) {
  const { values } = parseArgs({ options: { size: { type: 'string', default: '1000M' }, out: { type: 'string' } } })
  const megabytes = Number(/^(\d+)M$/.exec(values.size)?.[1])
  if (!(megabytes > 0) || values.out === undefined) {
    console.error('usage: node bench/gen/mixed-pcap.ts [--size 1000M] --out FILE')
    process.exit(2)
  }
  console.error(JSON.stringify(await writeMixedPcap(megabytes * 1e6, values.out)))
}
