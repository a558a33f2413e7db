import { spawn } from 'node:child_process'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { Bench, BenchContext, Row } from './contract.ts'
import { SERVER, load, openHttpPair } from './http-pair.ts'
import type { Usage } from './measure.ts'
import { cpuMs, measure } from './measure.ts'

const ROUNDS = 3
/** A round of it takes a minute, and 1 % more or less does not matter at a factor of 10. */
const TSHARK_ROUNDS = 1
const MEGABYTES = 1000
const ROOT = fileURLToPath(new URL('../', import.meta.url))
const PROGRAM = join(ROOT, 'dist/cli/main.js')

async function generate({ folder, progress }: BenchContext, generator: string, ...options: string[]): Promise<string> {
  const file = join(folder, `${generator}.pcap`)
  progress(`writing ${generator}.pcap`)
  const { code } = await measure(process.execPath, [join(ROOT, `bench/gen/${generator}.ts`), ...options, '--out', file])
  if (code !== 0) throw new Error(`bench/gen/${generator}.ts ended with code ${code}`)
  return file
}

const check = (file: string): Promise<Usage> => measure(process.execPath, [PROGRAM, 'check', '-r', file, '-o', 'json'])
const tshark = (file: string): Promise<Usage> => measure('tshark', ['-r', file, '-Y', 'tls.handshake'])

/** `mtlscope check` that must hold. */
async function checked(file: string): Promise<Usage> {
  const usage = await check(file)
  if (usage.code !== 0) throw new Error(`mtlscope check ended with code ${usage.code}`)
  return usage
}

async function run(context: BenchContext): Promise<Row[]> {
  return [...await ofFile(context), await ofFlood(context), ...await ofLive(context)]
}

async function ofFile(context: BenchContext): Promise<Row[]> {
  const file = await generate(context, 'mixed-pcap', '--size', `${MEGABYTES}M`)
  const samples = { check: [] as number[], tshark: [] as number[], rss: [] as number[] }
  for (let round = 1; round <= ROUNDS; round++) {
    context.progress(`round ${round} of ${ROUNDS}`)
    const usage = await checked(file)
    samples.check.push(cpuMs(usage) / 1000)
    samples.rss.push(usage.peakRssBytes / 1e6)
    if (round <= TSHARK_ROUNDS) samples.tshark.push(cpuMs(await tshark(file)) / 1000)
  }
  rmSync(file)
  return [
    { metric: 'CPU for the verdicts of a file', unit: 's', samples: samples.check, peers: [{ name: 'tshark', samples: samples.tshark }], goal: { timesLessThan: 'tshark', factor: 10 }, note: `${MEGABYTES} MB of mixed traffic; tshark -Y tls.handshake` },
    { metric: 'peak memory', unit: 'MB', samples: samples.rss, goal: { atMost: 250 } },
  ]
}

async function ofFlood(context: BenchContext): Promise<Row> {
  const file = await generate(context, 'flood-pcap', '--connections', '100000', '--clients', '20000')
  const { peakRssBytes } = await checked(file)
  rmSync(file)
  return { metric: 'peak memory, a flood', unit: 'MB', samples: [peakRssBytes / 1e6], note: '100,000 half-open handshakes with certificates, 20,000 edges' }
}

/** What `check` says of itself beside wrk at full speed. */
async function watched(): Promise<{ rate: number, dropped: number }> {
  const child = spawn(process.execPath, [PROGRAM, 'check', '--netns', SERVER!, '-o', 'json'], { stdio: ['ignore', 'ignore', 'pipe'] })
  let said = ''
  child.stderr.on('data', (part: Buffer) => { said += part.toString() })
  const ended = new Promise((resolve) => child.on('close', resolve))
  await sleep(1000)
  const rate = await load()
  child.kill('SIGINT')
  await ended
  return { rate, dropped: Number((/([\d ]+) dropped/.exec(said)?.[1] ?? 'NaN').replaceAll(' ', '')) }
}

async function ofLive({ folder, progress }: BenchContext): Promise<Row[]> {
  const world = openHttpPair(folder)
  const [rates, alone, dropped]: [number[], number[], number[]] = [[], [], []]
  try {
    await sleep(300)
    await load()
    for (let round = 1; round <= ROUNDS; round++) {
      progress(`live, round ${round} of ${ROUNDS}`)
      alone.push(await load())
      const beside = await watched()
      rates.push(beside.rate)
      dropped.push(beside.dropped)
    }
  } finally {
    world.close()
  }
  return [
    { metric: 'requests a second beside check --netns', unit: '1/s', samples: rates, peers: [{ name: 'nothing', samples: alone }], note: 'wrk at full speed across two namespaces' },
    { metric: 'packets dropped by the kernel', unit: '', samples: dropped, goal: { atMost: 0 } },
  ]
}

export const bench: Bench = {
  name: 'check',
  claim: 'the verdicts of a capture of 1 GB cost at least 10 times less CPU than tshark needs to find its handshakes, in less than 250 MB; a flood of half-open handshakes does not fill the memory, and live no packet is dropped',
  run,
}
