import type { ChildProcess } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Bench, BenchContext, Row } from './contract.ts'
import type { Engine, EngineOptions } from './sidecar/engines.ts'
import { ADDRESS, PORTS, USUAL, ours, planEngines, writeIdentities } from './sidecar/engines.ts'
import { Cable, Pair, endProcess, resultsOf, untilListening } from './sidecar/pair.ts'

const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 3)
const SECONDS = 4
/** Code that was just loaded is slow, and is compiled beside. */
const WARM_UP_SECONDS = 3
const CONNECTIONS = 32
/** Each is two descriptors of a sidecar, and 20,000 are as many as a process gets where nothing was tuned. */
const IDLE_CONNECTIONS = 9900
/** Which parts to run, for whoever works on one: BENCH_PARTS=requests,bulk. */
const PARTS = process.env.BENCH_PARTS?.split(',')

const BAD_CONNECTIONS = 100_000

type Samples = Map<string, number[]>

/** Runs the measurement with each engine in turn, so that what else the machine does hits all alike. */
async function inTurn(cable: Cable, engines: readonly Engine[], rounds: number, measureOne: (pair: Pair, engine: Engine) => Promise<number>): Promise<Samples> {
  const samples: Samples = new Map(engines.map(({ name }) => [name, []]))
  for (let round = 0; round < rounds; round++) {
    for (const engine of engines) {
      const pair = await Pair.start(cable, engine)
      try {
        await sleep(300)
        samples.get(engine.name)!.push(await measureOne(pair, engine))
      } finally {
        await pair.stop()
      }
    }
  }
  return samples
}

function rowOf(metric: string, unit: string, samples: Samples, goal: Row['goal'], note?: string): Row {
  const [[, own], ...others] = [...samples]
  return { metric, unit, samples: own, peers: others.map(([name, values]) => ({ name, samples: values })), goal, note }
}

/** One row an engine that a goal compares with. */
function rowsOf(metric: string, unit: string, samples: Samples, goals: Readonly<Record<string, NonNullable<Row['goal']>>>, note?: string): Row[] {
  return Object.entries(goals).map(([against, goal]) => rowOf(`${metric}, against ${against}`, unit, samples, goal, note))
}

/** What the client says last, and the CPU seconds of the pair from its first line to the last. */
async function underLoad(pair: Pair, client: ChildProcess): Promise<{ said: Record<string, number>, cpuSeconds: number }> {
  let before = 0
  let said: Record<string, number> = {}
  for await (said of resultsOf(client)) if (said.started) before = pair.cpuSeconds()
  return { said, cpuSeconds: pair.cpuSeconds() - before }
}

async function wrk(cable: Cable, seconds: number): Promise<number> {
  const client = cable.start(cable.client, ['wrk', '-t1', `-c${CONNECTIONS}`, `-d${seconds}s`, `http://127.0.0.1:${PORTS.entry}/`])
  let text = ''
  for await (const part of client.stdout!) text += String(part)
  return Number(/(\d+) requests in/.exec(text)?.[1])
}

/** Requests a second, and µs of CPU of the pair for each. */
async function ratesAndCpu(cable: Cable, engines: readonly Engine[]): Promise<{ rates: Samples, cpu: Samples }> {
  const rates: Samples = new Map(engines.map(({ name }) => [name, []]))
  const cpu = await inTurn(cable, engines, ROUNDS, async (pair, { name }) => {
    await wrk(cable, WARM_UP_SECONDS)
    const before = pair.cpuSeconds()
    const count = await wrk(cable, SECONDS)
    rates.get(name)!.push(count / SECONDS)
    return (pair.cpuSeconds() - before) * 1e6 / count
  })
  return { rates, cpu }
}

interface World { readonly cable: Cable, readonly folder: string, readonly progress: (text: string) => void }

async function requests({ cable, folder, progress }: World): Promise<Row[]> {
  progress('requests on kept connections')
  const engines = planEngines(folder, USUAL)
  const { rates, cpu } = await ratesAndCpu(cable, engines)
  const [haproxy, envoy] = engines.slice(-2).map(({ name }) => name)
  const rows = rowsOf('CPU of the pair a request', 'µs', cpu, { [envoy]: { timesLessThan: envoy, factor: 1.5 }, [haproxy]: { timesLessThan: haproxy, factor: 1.3 } }, `${CONNECTIONS} connections, 300-byte answers of nginx`)
  return [...rows, rowOf('requests a second', '1/s', rates, undefined), ...await latency({ cable, folder, progress }, 0.6 * Math.max(...rates.get(envoy)!))]
}

async function latency({ cable, folder, progress }: World, rate: number): Promise<Row[]> {
  progress(`latency at ${Math.round(rate)} requests a second`)
  const engines = planEngines(folder, USUAL)
  const p99 = await inTurn(cable, engines, ROUNDS, async () => {
    const client = cable.traffic(cable.client, 'open-loop', '127.0.0.1', PORTS.entry, CONNECTIONS, Math.round(rate), SECONDS)
    let last: Record<string, number> = {}
    for await (last of resultsOf(client)) { /* the only line */ }
    return last.p99
  })
  return [rowOf('p99 at 60 % of the peak of Envoy', 'ms', p99, { timesLessThan: engines.at(-1)!.name, factor: 1 }, `open loop, ${Math.round(rate)} requests a second`)]
}

async function bulk({ cable, folder, progress }: World): Promise<Row[]> {
  const app = cable.traffic(cable.server, 'source', PORTS.app)
  try {
    await untilListening(cable.server, PORTS.app)
    const rows: Row[] = []
    for (const streams of [1, 8]) {
      progress(`bulk, ${streams} streams`)
      const engines = planEngines(folder, USUAL)
      const samples = await inTurn(cable, engines, ROUNDS, async (pair) => {
        const { said, cpuSeconds } = await underLoad(pair, cable.traffic(cable.client, 'sink', '127.0.0.1', PORTS.entry, streams, SECONDS))
        return said.bytes / 1e9 / cpuSeconds
      })
      const goals = Object.fromEntries(engines.slice(-2).map(({ name }) => [name, { shareOf: name, factor: 1.1 }]))
      rows.push(...rowsOf(`bulk over ${streams} stream${streams > 1 ? 's' : ''} a CPU second of the pair`, 'GB', samples, goals))
    }
    return rows
  } finally {
    await endProcess(app)
  }
}

async function handshakes({ cable, folder, progress }: World): Promise<Row[]> {
  const app = cable.traffic(cable.server, 'echo', PORTS.app)
  try {
    await untilListening(cable.server, PORTS.app)
    const count = async (options: EngineOptions, engines: readonly Engine[]): Promise<Samples> => {
      progress(`handshakes with ${options.groups[0]}`)
      return inTurn(cable, engines, ROUNDS, async (pair) => {
        const { said, cpuSeconds } = await underLoad(pair, cable.traffic(cable.client, 'calls', '127.0.0.1', PORTS.entry, 16, SECONDS))
        return said.calls / cpuSeconds
      })
    }
    const full: EngineOptions = { ...USUAL, resumption: false, tunnel: 'off' }
    const [each, , ...others] = planEngines(folder, full)
    const engines = [each, ...others]
    const goals = Object.fromEntries(others.map(({ name }) => [name, { shareOf: name, factor: 1 }]))
    const rows = rowsOf('full handshakes with X25519 a CPU second of the pair', '1/s', await count(full, engines), goals, 'a new connection each, one byte there and back')
    const hybrid: EngineOptions = { ...full, groups: ['X25519MLKEM768'] }
    const resumed: EngineOptions = { ...USUAL, tunnel: 'off', groups: ['X25519MLKEM768', 'X25519'] }
    const fresh = await count(USUAL, planEngines(folder, USUAL))
    return [...rows,
      rowOf('new connections a CPU second of the pair, as each does them', '1/s', fresh, undefined, 'in a tunnel no handshake; else resumed sessions; one byte there and back'),
      rowOf('full handshakes with X25519MLKEM768 a CPU second of the pair', '1/s', await count(hybrid, [ours(folder, hybrid)]), undefined),
      rowOf('resumed connections with X25519MLKEM768 a CPU second of the pair', '1/s', await count(resumed, [ours(folder, resumed)]), undefined)]
  } finally {
    await endProcess(app)
  }
}

async function memory({ cable, folder, progress }: World): Promise<Row[]> {
  progress(`${IDLE_CONNECTIONS} idle connections`)
  const app = cable.traffic(cable.server, 'echo', PORTS.app)
  try {
    await untilListening(cable.server, PORTS.app)
    const engines = planEngines(folder, USUAL)
    const samples = await inTurn(cable, engines, 1, async (pair) => {
      const client = cable.traffic(cable.client, 'hold', '127.0.0.1', PORTS.entry, IDLE_CONNECTIONS)
      for await (const said of resultsOf(client)) if (said.held === IDLE_CONNECTIONS) break
      await sleep(1500)
      const bytes = pair.memoryBytes()
      await endProcess(client)
      return bytes / 2 ** 20
    })
    return [rowOf(`memory of the pair with ${IDLE_CONNECTIONS} idle connections`, 'MiB', samples, { timesLessThan: engines.at(-1)!.name, factor: 1 }, 'proportional set size of both')]
  } finally {
    await endProcess(app)
  }
}

async function badConnections({ cable, folder, progress }: World): Promise<Row[]> {
  progress(`${BAD_CONNECTIONS} bad connections`)
  const samples = await inTurn(cable, [ours(folder, USUAL)], 1, async (pair) => {
    const refuse = async (count: number): Promise<number> => {
      for await (const said of resultsOf(cable.traffic(cable.client, 'bad', ADDRESS.server, PORTS.wire, count))) if (said.refused !== count) throw new Error('not all were refused')
      return pair.memoryBytes()
    }
    const before = await refuse(BAD_CONNECTIONS / 10)
    return (await refuse(BAD_CONNECTIONS) - before) / 2 ** 20
  })
  return [rowOf(`growth over ${BAD_CONNECTIONS} refused connections`, 'MiB', samples, { atMost: 16 })]
}

/** Where client, server and sidecars share two cores no thread more makes anything faster: what it costs tells what it would be worth on cores that are free. */
async function threads({ cable, folder, progress }: World): Promise<Row[]> {
  progress('two threads against one')
  const [one, two] = [1, 2].map((count): Engine => ({ ...ours(folder, { ...USUAL, threads: count }), name: `${count} thread${count > 1 ? 's' : ''}` }))
  const { rates, cpu } = await ratesAndCpu(cable, [two, one])
  return [
    rowOf('requests a second with two threads', '1/s', rates, { shareOf: one.name, factor: 1.6 }, 'only where cores are free beside client and server'),
    rowOf('CPU of the pair a request with two threads', 'µs', cpu, { timesLessThan: one.name, factor: 0.8 }, '1.6 times as many requests of two free cores: each may cost 1.25 times as much'),
  ]
}

function startNginx(cable: Cable, folder: string): ChildProcess {
  const root = join(folder, 'www')
  mkdirSync(root, { recursive: true })
  writeFileSync(join(root, 'index.html'), 'x'.repeat(300))
  writeFileSync(join(folder, 'nginx.conf'), `daemon off; worker_processes 1; user root; pid ${folder}/nginx.pid; error_log ${folder}/error.log;
events { worker_connections 1024; }
http { access_log off; keepalive_requests 100000000; server { listen 127.0.0.1:${PORTS.app}; location / { root ${root}; } } }`)
  return cable.start(cable.server, ['nginx', '-c', join(folder, 'nginx.conf'), '-p', folder])
}

async function run({ folder, progress }: BenchContext): Promise<Row[]> {
  const cable = new Cable()
  const world = { cable, folder, progress }
  const wanted = (part: string): boolean => PARTS === undefined || PARTS.includes(part)
  try {
    await writeIdentities(folder)
    const rows: Row[] = []
    if (wanted('bulk')) rows.push(...await bulk(world))
    if (wanted('handshakes')) rows.push(...await handshakes(world))
    if (wanted('memory')) rows.push(...await memory(world))
    if (wanted('bad')) rows.push(...await badConnections(world))
    const nginx = startNginx(cable, folder)
    try {
      await untilListening(cable.server, PORTS.app)
      if (wanted('requests')) rows.push(...await requests(world))
      if (wanted('threads')) rows.push(...await threads(world))
    } finally {
      // Its worker ends with it on a signal that it may handle.
      nginx.kill('SIGTERM')
    }
    return rows
  } finally {
    await sleep(200)
    cable.close()
  }
}

export const bench: Bench = {
  name: 'sidecar',
  claim: 'a pair of sidecars needs less CPU a request than Envoy or HAProxy, and no more memory',
  run,
}
