import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { Http1Connection } from './http1-connection.ts'
import { exchangePool } from './http1-messages.ts'
import { PcapOutput } from './pcap-output.ts'
import { SeededRandom } from './seeded-random.ts'

const FIRST_MICROS = 1_718_875_800_000_000

export interface Http1PcapOptions { requests: number, connections: number, seed: number, path: string }

/** Writes a capture of keep-alive HTTP/1.1 over interleaved connections. The same options make the same bytes. */
export function writeHttp1Pcap({ requests, connections, seed, path }: Http1PcapOptions): { frames: number, sizeBytes: number } {
  const random = new SeededRandom(seed)
  const pool = exchangePool(seed)
  const out = new PcapOutput(path)
  let number = 0
  const next = () => number < requests ? { exchange: random.pick(pool), number: number++ } : undefined
  const open = Array.from({ length: connections }, (_, i) => new Http1Connection(i, random, next))
  let atMicros = FIRST_MICROS
  while (open.length > 0) {
    const i = random.word() % open.length
    atMicros += random.between(1, 40)
    if (!open[i]!.step(out, atMicros)) open.splice(i, 1)
  }
  out.close()
  return { frames: out.frames, sizeBytes: out.sizeBytes }
}

function main(): void {
  const { values } = parseArgs({
    options: {
      requests: { type: 'string', default: '300000' }, connections: { type: 'string', default: '64' },
      seed: { type: 'string', default: '1' }, out: { type: 'string' },
    },
  })
  if (values.out === undefined) {
    console.error('usage: http1-pcap.ts --out FILE [--requests 300000] [--connections 64] [--seed 1]')
    process.exit(2)
  }
  const made = writeHttp1Pcap({
    requests: Number(values.requests), connections: Number(values.connections), seed: Number(values.seed), path: values.out,
  })
  console.log(`${values.out}: ${made.frames} frames, ${made.sizeBytes} bytes`)
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) main()
