import { spawn, spawnSync } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { Engine } from './engines.ts'
import { ADDRESS, PORTS } from './engines.ts'

const TRAFFIC = fileURLToPath(new URL('./traffic.ts', import.meta.url))
const TAG = `mtls${process.pid}`
const TICKS_A_SECOND = 100
const START_TRIES = 400

/** Two namespaces joined by a cable, for client and server. */
export class Cable {
  readonly client = `${TAG}c`
  readonly server = `${TAG}s`

  constructor() {
    for (const name of [this.client, this.server]) ip('netns', 'add', name)
    ip('link', 'add', `${TAG}a`, 'netns', this.client, 'type', 'veth', 'peer', 'name', `${TAG}b`, 'netns', this.server)
    for (const [name, device, address] of [[this.client, `${TAG}a`, ADDRESS.client], [this.server, `${TAG}b`, ADDRESS.server]]) {
      ip('-n', name, 'addr', 'add', `${address}/24`, 'dev', device)
      ip('-n', name, 'link', 'set', 'lo', 'up')
      ip('-n', name, 'link', 'set', device, 'up')
      // Ports of closed connections wait a minute: with tens of thousands of them connect(2) spends milliseconds on the search for a free one.
      spawnSync('ip', ['netns', 'exec', name, 'sysctl', '-q', 'net.ipv4.ip_local_port_range=10000 65000', 'net.ipv4.tcp_max_tw_buckets=4096'])
    }
  }

  start(namespace: string, words: readonly string[]): ChildProcess {
    return spawn('ip', ['netns', 'exec', namespace, ...words], { stdio: ['ignore', 'pipe', 'ignore'] })
  }

  traffic(namespace: string, ...words: (string | number)[]): ChildProcess {
    return this.start(namespace, [process.execPath, TRAFFIC, ...words.map(String)])
  }

  close(): void {
    for (const name of [this.client, this.server]) ip('netns', 'del', name)
  }
}

function ip(...args: string[]): void {
  const { status, stderr } = spawnSync('ip', args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`ip ${args.join(' ')}: ${stderr}`)
}

export async function untilListening(namespace: string, port: number): Promise<void> {
  for (let tries = 0; tries < START_TRIES; tries++) {
    if (spawnSync('ip', ['netns', 'exec', namespace, 'ss', '-Hltn', `sport = :${port}`], { encoding: 'utf8' }).stdout !== '') return
    await sleep(50)
  }
  throw new Error(`nobody listens on ${port}`)
}

/** Both sidecars of one engine, running. */
export class Pair {
  readonly #processes: readonly ChildProcess[]

  private constructor(processes: readonly ChildProcess[]) {
    this.#processes = processes
  }

  static async start(cable: Cable, engine: Engine): Promise<Pair> {
    const pair = new Pair([cable.start(cable.server, engine.inbound), cable.start(cable.client, engine.outbound)])
    try {
      await untilListening(cable.server, PORTS.wire)
      await untilListening(cable.client, PORTS.entry)
      return pair
    } catch (error) {
      await pair.stop()
      throw error
    }
  }

  /** User and system time of both since they started, all their threads. */
  cpuSeconds(): number {
    return this.#processes.reduce((sum, { pid }) => {
      const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1].split(' ')
      return sum + (Number(fields[11]) + Number(fields[12])) / TICKS_A_SECOND
    }, 0)
  }

  /** Resident now, of both; pages that they share with others are split among them. */
  memoryBytes(): number {
    return this.#processes.reduce((sum, { pid }) => sum + Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'latin1'))?.[1]) * 1024, 0)
  }

  async stop(): Promise<void> {
    await Promise.all(this.#processes.map((child) => endProcess(child)))
  }
}

export async function endProcess(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  child.kill('SIGKILL')
  await once(child, 'exit')
}

/** The lines of JSON that a client prints, as they come. */
export async function* resultsOf(child: ChildProcess): AsyncGenerator<Record<string, number>> {
  let text = ''
  for await (const part of child.stdout!) {
    text += String(part)
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n')) {
      yield JSON.parse(text.slice(0, end)) as Record<string, number>
      text = text.slice(end + 1)
    }
  }
}
