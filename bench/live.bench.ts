import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { Bench, BenchContext, Row } from './contract.ts'
import { SECONDS, SERVER, load, openHttpPair } from './http-pair.ts'

const ROUNDS = 5
const PROGRAM = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url))

interface Watcher { program: string, args: string[] }

const TCPDUMP: Watcher = { program: 'ip', args: ['netns', 'exec', SERVER, 'tcpdump', '-i', 'any', '-w', '/dev/null'] }
const tapWatcher = (format: string): Watcher => ({ program: process.execPath, args: [PROGRAM, 'tap', '--netns', SERVER, '-o', format] })

interface Watched { rate: number, report: string }

/** The load with one watcher beside it, or none. */
async function watched(watcher: Watcher | undefined): Promise<Watched> {
  if (watcher === undefined) return { rate: await load(), report: '' }
  const child = spawn(watcher.program, watcher.args, { stdio: ['ignore', 'ignore', 'pipe'] })
  let report = ''
  child.stderr.on('data', (part: Buffer) => { report += part.toString() })
  const ended = new Promise((resolve) => child.on('close', resolve))
  await sleep(1000)
  const rate = await load()
  child.kill('SIGINT')
  await ended
  return { rate, report }
}

/** `123 456 packets · 7 dropped · …`: what the tap says of itself. */
function countsOf(report: string): { packets: number, dropped: number, messages: number } {
  const number = (pattern: RegExp): number => Number((pattern.exec(report)?.[1] ?? 'NaN').replaceAll(' ', ''))
  return { packets: number(/([\d ]+) packets/), dropped: number(/([\d ]+) dropped/), messages: number(/([\d ]+) messages/) }
}

async function run(context: BenchContext): Promise<Row[]> {
  const world = openHttpPair(context.folder)
  try {
    return await rounds(context)
  } catch (error) {
    throw new Error(`${(error as Error).message}; nginx: ${readFileSync(join(context.folder, 'error.log'), 'utf8')}`, { cause: error })
  } finally {
    world.close()
  }
}

async function rounds({ progress }: BenchContext): Promise<Row[]> {
  await sleep(300)
  await load()
  const rates = { none: [] as number[], tcpdump: [] as number[], compact: [] as number[], json: [] as number[] }
  const dropped: number[] = []
  const seen: number[] = []
  for (let round = 1; round <= ROUNDS; round++) {
    progress(`round ${round} of ${ROUNDS}`)
    rates.none.push((await watched(undefined)).rate)
    rates.tcpdump.push((await watched(TCPDUMP)).rate)
    for (const format of ['compact', 'json'] as const) {
      const { rate, report } = await watched(tapWatcher(format))
      rates[format].push(rate)
      const counts = countsOf(report)
      dropped.push(counts.dropped)
      seen.push(counts.messages / (rate * SECONDS))
    }
  }
  const peers = [{ name: 'tcpdump -w /dev/null', samples: rates.tcpdump }, { name: 'nothing', samples: rates.none }]
  const goal = { shareOf: 'tcpdump -w /dev/null', factor: 0.9 } as const
  return [
    { metric: 'requests a second beside tap -o compact', unit: '1/s', samples: rates.compact, peers, goal },
    { metric: 'requests a second beside tap -o json', unit: '1/s', samples: rates.json, peers, goal },
    { metric: 'packets dropped by the kernel', unit: '', samples: dropped, goal: { atMost: 0 } },
    { metric: 'messages shown a request served', unit: '', samples: seen, note: '1 is every one' },
  ]
}

export const bench: Bench = {
  name: 'live',
  claim: 'wrk at full speed across two namespaces is dissected live without a dropped packet, at 90 % or more of the rate beside tcpdump -w /dev/null',
  run,
}
