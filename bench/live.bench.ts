import { spawn, spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { Bench, BenchContext, Row } from './contract.ts'

const ROUNDS = 5
const SECONDS = 5
const PROGRAM = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url))
const TAG = `mtlb${process.pid}`
const [SERVER, CLIENT] = [`${TAG}s`, `${TAG}c`]

function ip(...args: string[]): void {
  const { status, stderr } = spawnSync('ip', args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`ip ${args.join(' ')}: ${stderr}`)
}

function openWorld(folder: string): { close(): void } {
  for (const name of [SERVER, CLIENT]) ip('netns', 'add', name)
  ip('link', 'add', `${TAG}a`, 'netns', SERVER, 'type', 'veth', 'peer', 'name', `${TAG}b`, 'netns', CLIENT)
  ip('-n', SERVER, 'addr', 'add', '10.78.0.1/24', 'dev', `${TAG}a`)
  ip('-n', CLIENT, 'addr', 'add', '10.78.0.2/24', 'dev', `${TAG}b`)
  for (const [name, device] of [[SERVER, `${TAG}a`], [CLIENT, `${TAG}b`]]) {
    ip('-n', name!, 'link', 'set', 'lo', 'up')
    ip('-n', name!, 'link', 'set', device!, 'up')
  }
  const nginx = startNginx(folder)
  return {
    close: () => {
      nginx.kill('SIGTERM')
      for (const name of [SERVER, CLIENT]) ip('netns', 'del', name)
    },
  }
}

function startNginx(folder: string): ReturnType<typeof spawn> {
  const root = join(folder, 'www')
  mkdirSync(root, { recursive: true })
  writeFileSync(join(root, 'index.html'), 'x'.repeat(300))
  writeFileSync(join(folder, 'nginx.conf'), `daemon off; worker_processes 1; user root; pid ${folder}/nginx.pid; error_log ${folder}/error.log;
events { worker_connections 1024; }
http { access_log off; keepalive_requests 100000000; server { listen 10.78.0.1:80; location / { root ${root}; } } }`)
  return spawn('ip', ['netns', 'exec', SERVER, 'nginx', '-c', join(folder, 'nginx.conf'), '-p', folder], { stdio: 'ignore' })
}

/** Requests a second that wrk gets out of the server. */
function load(): Promise<number> {
  const wrk = spawn('ip', ['netns', 'exec', CLIENT, 'wrk', '-t1', '-c32', `-d${SECONDS}s`, 'http://10.78.0.1/'], { stdio: ['ignore', 'pipe', 'inherit'] })
  let text = ''
  wrk.stdout.on('data', (part: Buffer) => { text += part.toString() })
  return new Promise((resolve, reject) => wrk.on('close', () => {
    const rate = Number(/Requests\/sec:\s+([\d.]+)/.exec(text)?.[1])
    if (rate > 0) resolve(rate)
    else reject(new Error(`wrk said: ${text}`))
  }))
}

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
  const world = openWorld(context.folder)
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
