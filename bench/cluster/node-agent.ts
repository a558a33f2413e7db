import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { PodScan } from '../../src/kube/pod-processes.ts'
import { readStartTicks } from '../../src/mesh/process-files.ts'
import type { Row } from '../contract.ts'
import type { BenchNode } from './bench-node.ts'
import { until } from './bench-node.ts'

const MS_A_TICK = 10
const MB = 1e6
const CALM_MS = 45_000
const ROUND_SECONDS = 60

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

/** The agent that `mtlscope install` brought to the node of a bench, as this machine sees it. */
export class NodeAgent {
  readonly #node: BenchNode
  readonly #pid: number

  private constructor(node: BenchNode, pid: number) {
    this.#node = node
    this.#pid = pid
  }

  static find(node: BenchNode): NodeAgent {
    const pid = readdirSync('/proc').find((name) => {
      return read(`/proc/${name}/cmdline`).includes('main.js\0agent\0') && read(`/proc/${name}/cgroup`).includes(`mtlscope-cluster-${node.place.name}/`)
    })
    if (pid === undefined) throw new Error('no agent runs on the node')
    return new NodeAgent(node, Number(pid))
  }

  /** User and system time of all its threads. */
  #cpuMs(): number {
    const [user, system] = read(`/proc/${this.#pid}/stat`).split(') ')[1]!.split(' ').slice(11, 13)
    return (Number(user) + Number(system)) * MS_A_TICK
  }

  /** Share of one core that it takes for so long, in percent. */
  async cpuShare(seconds: number): Promise<number> {
    const [before, startMs] = [this.#cpuMs(), performance.now()]
    await sleep(seconds * 1000)
    return (this.#cpuMs() - before) / (performance.now() - startMs) * 100
  }

  /** Of the process itself. */
  anonymousBytes(): number {
    return Number(/^RssAnon:\s+(\d+)/m.exec(read(`/proc/${this.#pid}/status`))?.[1]) * 1024
  }

  /** Packet rings: memory of the kernel, which no cgroup is charged for. */
  ringBytes(): number {
    const sizes = [...read(`/proc/${this.#pid}/maps`).matchAll(/^([0-9a-f]+)-([0-9a-f]+) .* socket:\[\d+\]$/gm)]
    return sizes.reduce((sum, [, from, to]) => sum + Number.parseInt(to!, 16) - Number.parseInt(from!, 16), 0)
  }

  /** What the kubelet counts: all that its cgroup is charged for, but files that were not used lately. */
  workingSetBytes(): number {
    const cgroup = read(`/proc/${this.#pid}/cgroup`)
    const [, v1] = /^\d+:memory:(.*)$/m.exec(cgroup) ?? []
    const folder = v1 === undefined ? join('/sys/fs/cgroup', /^0::(.*)$/m.exec(cgroup)?.[1] ?? '') : join('/sys/fs/cgroup/memory', v1)
    const [usage, inactive] = v1 === undefined ? ['memory.current', 'inactive_file'] : ['memory.usage_in_bytes', 'total_inactive_file']
    return Number(read(join(folder, usage))) - Number(new RegExp(`^${inactive} (\\d+)$`, 'm').exec(read(join(folder, 'memory.stat')))?.[1])
  }

  /** Lines of its log with that in them, each with the time at which it was written, in milliseconds of the Unix epoch. */
  said(words: string): { atMs: number, text: string }[] {
    const pods = join(this.#node.place.folder, 'var-log/pods')
    const folder = readdirSync(pods).find((name) => name.startsWith('mtlscope_mtlscope-agent-')) ?? ''
    const files = readdirSync(join(pods, folder, 'agent')).sort()
    const lines = files.flatMap((file) => read(join(pods, folder, 'agent', file)).split('\n'))
    return lines.filter((line) => line.includes(words)).map((line) => ({ atMs: Date.parse(line.slice(0, line.indexOf(' '))), text: line }))
  }

  /** When it said that for the first time; waits for it. */
  async saidAt(words: string): Promise<number> {
    await until(`the agent says: ${words}`, () => this.said(words).length > 0)
    return this.said(words)[0]!.atMs
  }
}

/** At rest, minute by minute: what the agent takes. `goals`: percent of a core, and bytes of anonymous memory. */
export async function restOf(agent: NodeAgent, rounds: number, goals: { readonly share: number, readonly anonymousBytes?: number }, note: string, progress: (text: string) => void): Promise<Row[]> {
  const [shares, anonymous, workingSet]: [number[], number[], number[]] = [[], [], []]
  progress('waiting until all is calm')
  await sleep(CALM_MS)
  for (let n = 0; n < rounds; n++) {
    progress(`at rest, ${n + 1} of ${rounds}`)
    shares.push(await agent.cpuShare(ROUND_SECONDS))
    anonymous.push(agent.anonymousBytes() / MB)
    workingSet.push(agent.workingSetBytes() / MB)
  }
  return [
    { metric: 'CPU of the agent at rest', unit: '% of a core', samples: shares, goal: { atMost: goals.share }, note: `${note}, ${ROUND_SECONDS} s each` },
    { metric: 'memory of the agent, anonymous', unit: 'MB', samples: anonymous, ...goals.anonymousBytes !== undefined && { goal: { atMost: goals.anonymousBytes / MB } } },
    { metric: 'memory of the agent, working set', unit: 'MB', samples: workingSet, note: 'what the kubelet counts' },
    { metric: 'packet rings, memory of the kernel', unit: 'MB', samples: [agent.ringBytes() / MB] },
  ]
}

/** The first process of a pod, its sandbox, by the pod's UID. Undefined before it was started. */
export function sandboxOf(podUid: string): number | undefined {
  return new PodScan('/proc').scan().get(podUid)?.pids[0]
}

/** In milliseconds of the Unix epoch, to a clock tick. */
export function startedAt(pid: number): number {
  const uptimeMs = Number(read('/proc/uptime').split(' ')[0]) * 1000
  return Date.now() - (uptimeMs - readStartTicks('/proc', pid) * MS_A_TICK)
}
