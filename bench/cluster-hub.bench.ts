import type { ChildProcess } from 'node:child_process'
import { spawn } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { CertificateAuthority } from '../src/identity/ca.ts'
import { RARE } from './cluster/simulated-agent.ts'
import { ViewerClient } from './cluster/viewer-client.ts'
import type { Bench, BenchContext, Row } from './contract.ts'
import { median } from './contract.ts'

const ROOT = fileURLToPath(new URL('../', import.meta.url))
const AGENTS = 100
const PER_SECOND = 1000
const HISTORY_SECONDS = 600
const LIVE_SECONDS = 15
const AT_REST_SECONDS = 10
const PAGES = 9
const WAIT_MS = 60_000
const TICKS_A_SECOND = 100
const [HUB_ID, AGENT_ID] = ['spiffe://bench.test/hub', 'spiffe://bench.test/agent']

async function writeIdentities(folder: string): Promise<void> {
  const validity = { notBefore: new Date(Date.now() - 60_000), notAfter: new Date(Date.now() + 3_600_000) }
  const ca = await CertificateAuthority.create('bench.test', validity)
  writeFileSync(join(folder, 'roots.pem'), ca.certificatePem)
  for (const [name, spiffeId] of [['hub', HUB_ID], ['agent', AGENT_ID]] as const) {
    const { privateKeyPem, certificatePem } = await ca.issue({ spiffeId, dnsNames: [], ...validity })
    writeFileSync(join(folder, `${name}.pem`), certificatePem)
    writeFileSync(join(folder, `${name}-key.pem`), privateKeyPem, { mode: 0o600 })
  }
}

/** Waits for a line of a child that matches. */
function said(child: ChildProcess, stream: 'stdout' | 'stderr', pattern: RegExp): Promise<RegExpExecArray> {
  return new Promise((resolve, reject) => {
    let text = ''
    child.once('exit', (code) => reject(new Error(`ended with ${code}: ${text}`)))
    child[stream]!.on('data', (chunk: Buffer) => {
      text += chunk.toString()
      const found = pattern.exec(text)
      if (found !== null) resolve(found)
    })
  })
}

function cpuSeconds({ pid }: ChildProcess): number {
  const [user, system] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ').slice(11, 13)
  return (Number(user) + Number(system)) / TICKS_A_SECOND
}

function peakMebibytes({ pid }: ChildProcess): number {
  return Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) / 1024
}

/** Share of a core while something lasts. */
async function shareOf(child: ChildProcess, seconds: number): Promise<number> {
  const [before, startMs] = [cpuSeconds(child), performance.now()]
  await sleep(seconds * 1000)
  return (cpuSeconds(child) - before) / ((performance.now() - startMs) / 1000) * 100
}

async function pages(viewer: ViewerClient, queries: readonly Readonly<Record<string, string>>[]): Promise<number[]> {
  const all: number[] = []
  for (const query of queries) {
    const { ms, page } = await viewer.page({ limit: '200', ...query })
    if (page.rows.length !== 200) throw new Error(`a page of ${page.rows.length} rows`)
    all.push(ms)
  }
  return all
}

async function measureHub(hub: ChildProcess, viewer: ViewerClient, progress: (text: string) => void): Promise<Row[]> {
  const endMs = performance.now() + WAIT_MS
  while (await viewer.nodes() < AGENTS) {
    if (performance.now() > endMs) throw new Error(`only ${await viewer.nodes()} of ${AGENTS} agents answer`)
    await sleep(100)
  }
  progress('nobody looks on')
  const restShare = await shareOf(hub, AT_REST_SECONDS)
  progress('first pages')
  const [first] = await pages(viewer, [{}])
  const [rare] = await pages(viewer, [{ q: RARE }])
  const { page: { start, end } } = await viewer.page({ limit: '1' })
  const anywhere = await pages(viewer, Array.from({ length: PAGES }, (_, n) => ({ offset: String(Math.floor(start + (end - start) * (n + 1) / (PAGES + 1))) })))
  const newest = await pages(viewer, Array.from({ length: PAGES }, () => ({})))
  progress('looking on')
  const reading = viewer.live('')
  const startMs = performance.now()
  const liveShare = await shareOf(hub, LIVE_SECONDS)
  const counted = (viewer.rows + viewer.skipped) / ((performance.now() - startMs) / 1000)
  viewer.close()
  await reading
  return [
    { metric: 'messages a second, merged live', unit: '/s', samples: [counted], goal: { atLeast: AGENTS * PER_SECOND * 0.95 }, note: `${AGENTS} agents with ${PER_SECOND} a second each; the newest 200 are sent, the others counted` },
    { metric: 'how old the newest row is when it arrives', unit: 'ms', samples: viewer.lagMs, goal: { atMost: 1000 }, note: `slowest ${Math.max(...viewer.lagMs).toFixed(0)} ms` },
    { metric: 'CPU of the hub, somebody looking on', unit: '% of a core', samples: [liveShare] },
    { metric: 'CPU of the hub, nobody looking on', unit: '% of a core', samples: [restShare] },
    { metric: 'first page ever', unit: 'ms', samples: [first!], goal: { atMost: 1500 }, note: `of ${AGENTS * PER_SECOND * HISTORY_SECONDS / 1e6} million messages` },
    { metric: 'first page of a filter', unit: 'ms', samples: [rare!], goal: { atMost: 1500 }, note: 'the agents answer at once: their own search comes on top' },
    { metric: 'newest page', unit: 'ms', samples: newest },
    { metric: 'page anywhere in between', unit: 'ms', samples: anywhere, goal: { atMost: 1500 }, note: `slowest ${Math.max(...anywhere).toFixed(0)} ms, median ${median(anywhere).toFixed(0)} ms` },
    { metric: 'memory of the hub, highest', unit: 'MiB', samples: [peakMebibytes(hub)], goal: { atMost: 400 } },
  ]
}

async function run({ folder, progress }: BenchContext): Promise<Row[]> {
  await writeIdentities(folder)
  progress('starting agents')
  const children: ChildProcess[] = []
  try {
    const agents = spawn(process.execPath, [join(ROOT, 'bench/cluster/agents-process.ts'), folder, String(AGENTS), String(PER_SECOND), String(HISTORY_SECONDS)], { stdio: ['ignore', 'pipe', 'inherit'] })
    children.push(agents)
    const ports = JSON.parse((await said(agents, 'stdout', /^\[.*\]$/m))[0]) as number[]
    const hub = spawn(process.execPath, [
      join(ROOT, 'src/cli/main.ts'), 'hub', '--listen', '127.0.0.1:0', '--agent-id', AGENT_ID, '--cert', join(folder, 'hub.pem'), '--key', join(folder, 'hub-key.pem'), '--ca-bundle', join(folder, 'roots.pem'),
      ...ports.flatMap((port) => ['--agent', `https://127.0.0.1:${port}`]),
    ], { stdio: ['ignore', 'ignore', 'pipe'] })
    children.push(hub)
    const [, port] = await said(hub, 'stderr', /viewer http:\/\/127\.0\.0\.1:(\d+)/)
    return await measureHub(hub, new ViewerClient(Number(port)), progress)
  } finally {
    for (const child of children) child.kill('SIGKILL')
  }
}

export const bench: Bench = {
  name: 'cluster-hub',
  claim: 'One hub merges a hundred agents with a thousand messages a second each, and does not fall behind',
  run,
}
