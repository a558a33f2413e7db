import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Bench, BenchContext, Row } from './contract.ts'
import type { Usage } from './measure.ts'
import { cpuMs, measure } from './measure.ts'

const ROUNDS = 5
/** A round of it takes two minutes, and 1 % more or less does not matter at a factor of 60. */
const TSHARK_ROUNDS = 1
const REQUESTS = 300_000
/** Some 1 GB. */
const LARGE_REQUESTS = 700_000
const ROOT = fileURLToPath(new URL('../', import.meta.url))
const PROGRAM = join(ROOT, 'dist/cli/main.js')

const tap = (file: string, format: string): Promise<Usage> => measure(process.execPath, [PROGRAM, 'tap', '-r', file, '-o', format])
const tshark = (file: string): Promise<Usage> => measure('tshark', [
  '-r', file, '-Y', 'http', '-T', 'fields', '-e', 'frame.time_epoch', '-e', 'http.request.method', '-e', 'http.request.uri', '-e', 'http.response.code',
])

async function generate(context: BenchContext, requests: number): Promise<string> {
  const file = join(context.folder, `${requests}.pcap`)
  context.progress(`writing a capture of ${requests} requests`)
  const { code } = await measure(process.execPath, [join(ROOT, 'bench/gen/http1-pcap.ts'), '--requests', String(requests), '--connections', '64', '--out', file])
  if (code !== 0) throw new Error(`bench/gen/http1-pcap.ts ended with code ${code}`)
  return file
}

async function run(context: BenchContext): Promise<Row[]> {
  const [few, many] = [await generate(context, 10), await generate(context, REQUESTS)]
  const samples: Record<'compact' | 'json' | 'tshark' | 'compactNet' | 'rss', number[]> = { compact: [], json: [], tshark: [], compactNet: [], rss: [] }
  const perRequest = (usage: Usage, startMs = 0): number => ((cpuMs(usage) - startMs) * 1000) / REQUESTS
  for (let round = 1; round <= ROUNDS; round++) {
    context.progress(`round ${round} of ${ROUNDS}`)
    const start = cpuMs(await tap(few, 'compact'))
    const compact = await tap(many, 'compact')
    samples.compact.push(perRequest(compact))
    samples.compactNet.push(perRequest(compact, start))
    samples.rss.push(compact.peakRssBytes / 1e6)
    samples.json.push(perRequest(await tap(many, 'json')))
    if (round <= TSHARK_ROUNDS) samples.tshark.push(perRequest(await tshark(many)))
  }
  const peers = [{ name: 'tshark', samples: samples.tshark }]
  return [
    { metric: 'CPU a request, -o compact', unit: 'µs', samples: samples.compact, peers, goal: { timesLessThan: 'tshark', factor: 20 } },
    { metric: 'CPU a request, -o json with all headers and bodies', unit: 'µs', samples: samples.json, peers },
    { metric: 'CPU a request, -o compact, start-up excluded', unit: 'µs', samples: samples.compactNet, goal: { atMost: 4 } },
    { metric: 'peak memory', unit: 'MB', samples: samples.rss, goal: { atMost: 200 } },
    await large(context),
  ]
}

async function large(context: BenchContext): Promise<Row> {
  const file = await generate(context, LARGE_REQUESTS)
  context.progress('reading the large capture')
  const usage = await tap(file, 'compact')
  return { metric: 'peak memory, large file', unit: 'MB', samples: [usage.peakRssBytes / 1e6], goal: { atMost: 200 }, note: `${LARGE_REQUESTS} requests` }
}

export const bench: Bench = {
  name: 'http1-file',
  claim: 'a capture of 300,000 HTTP/1.1 requests costs at least 20 times less CPU a request than with tshark, in less than 200 MB however large the file',
  run,
}
