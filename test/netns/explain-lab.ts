import { execFileSync, spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { readWorld } from '../../src/intercept/explain/read-world.ts'
import { addressText } from '../../src/intercept/netfilter/address-range.ts'
import type { Netfilter } from '../../src/intercept/netfilter/netfilter.ts'
import { outcomeText } from '../../src/intercept/netfilter/outcome-text.ts'
import type { Outcome } from '../../src/intercept/netfilter/outcome.ts'
import type { Packet } from '../../src/intercept/netfilter/packet.ts'
import { packetText } from '../../src/intercept/netfilter/packet-text.ts'
import { walkPacket } from '../../src/intercept/netfilter/packet-walk.ts'
import { protocolName } from '../../src/intercept/netfilter/protocol-number.ts'
import type { World } from '../../src/intercept/netfilter/world.ts'
import type { Address } from '../../src/net/address.ts'
import type { Seen, Sent } from './explain-prober.ts'

const PROBER = fileURLToPath(new URL('explain-prober.ts', import.meta.url))
/** Somebody listens on each of them, in the pod and outside. */
export const PORTS = [53, 80, 443, 3306, 8080, 9090, 15001, 15006, 15007, 15008, 15021, 15053]
export const TRANSPARENT = [15006, 15007]
const ARRIVAL_TIMEOUT_MS = 3000
/** What should not arrive has so long to do it all the same. */
const SETTLE_MS = 60

export interface Mismatch { readonly packet: string, readonly model: string, readonly kernel: string }

interface Prober { readonly child: ChildProcess, seen: Seen[], failed: Map<number, string> }

let made = 0

/** A pod and the outside of it, joined by a veth pair: 10.0.0.2 and fd00::2 in the pod, all other addresses outside. */
export class ExplainLab {
  readonly pod: string
  readonly outside: string
  #pod: Prober | undefined
  #outside: Prober | undefined
  #world: World | undefined
  #port = 20_000

  constructor() {
    const name = `mtlx-${process.pid}-${made++}`
    this.pod = `${name}-pod`
    this.outside = `${name}-out`
  }

  async open(): Promise<void> {
    const ip = (...args: string[]): void => void execFileSync('ip', args, { stdio: ['ignore', 'ignore', 'inherit'] })
    for (const name of [this.pod, this.outside]) {
      ip('netns', 'add', name)
      ip('-n', name, 'link', 'set', 'lo', 'up')
    }
    ip('-n', this.pod, 'link', 'add', 'eth0', 'type', 'veth', 'peer', 'name', 'eth0', 'netns', this.outside)
    for (const [name, host, other] of [[this.pod, 2, 3], [this.outside, 3, 2]] as const) {
      ip('-n', name, 'link', 'set', 'eth0', 'addrgenmode', 'none', 'address', `02:00:00:00:01:0${host}`)
      ip('-n', name, 'addr', 'add', `10.0.0.${host}/24`, 'dev', 'eth0')
      ip('-n', name, '-6', 'addr', 'add', `fd00::${host}/64`, 'dev', 'eth0', 'nodad')
      ip('-n', name, 'link', 'set', 'eth0', 'up')
      ip('-n', name, 'neigh', 'replace', `10.0.0.${other}`, 'lladdr', `02:00:00:00:01:0${other}`, 'dev', 'eth0')
      ip('-n', name, '-6', 'neigh', 'replace', `fd00::${other}`, 'lladdr', `02:00:00:00:01:0${other}`, 'dev', 'eth0')
    }
    ip('-n', this.pod, 'route', 'add', 'default', 'via', '10.0.0.3')
    ip('-n', this.pod, '-6', 'route', 'add', 'default', 'via', 'fd00::3')
    for (const network of ['192.168.0.0/16', '203.0.113.0/24', '172.16.0.0/12']) ip('-n', this.outside, 'route', 'add', 'local', network, 'dev', 'lo')
    ip('-n', this.outside, '-6', 'route', 'add', 'local', '2001:db8::/32', 'dev', 'lo')
    // Unlike IPv4, IPv6 lets nobody send from an address that only a route makes its own.
    for (const address of ['2001:db8::9', '2001:db8:7::7']) ip('-n', this.outside, '-6', 'addr', 'add', `${address}/128`, 'dev', 'lo', 'nodad')
    this.#pod = await startProber(this.pod)
    this.#outside = await startProber(this.outside)
    this.#world = await readWorld(`/run/netns/${this.pod}`)
  }

  async close(): Promise<void> {
    for (const prober of [this.#pod, this.#outside]) {
      if (prober === undefined) continue
      prober.child.stdin!.end()
      if (prober.child.exitCode === null) await new Promise((resolve) => { prober.child.once('exit', resolve) })
    }
    for (const name of [this.pod, this.outside]) {
      try {
        execFileSync('ip', ['netns', 'del', name], { stdio: 'ignore' })
      } catch {
        // It was never made.
      }
    }
  }

  get world(): World {
    return this.#world!
  }

  /** Runs a program in the pod. `input` is its standard input. */
  run(program: string, args: readonly string[], input = ''): string {
    return execFileSync('ip', ['netns', 'exec', this.pod, program, ...args], { encoding: 'utf8', input, stdio: ['pipe', 'pipe', 'pipe'], maxBuffer: 64 * 1024 * 1024 })
  }

  /** Sends the packets for real; those that ended elsewhere than the model says. Packets of which it says that they are unknown count as told. */
  async compare(netfilter: Netfilter, packets: readonly Packet[]): Promise<{ mismatches: Mismatch[], unknown: string[] }> {
    const told = packets.map((packet) => this.#numbered(packet)).map((packet) => ({ packet, outcome: walkPacket(netfilter, this.world, packet).outcome }))
    const unknown = told.filter(({ outcome }) => outcome.kind === 'unknown').map(({ packet, outcome }) => `${packetText(packet)}: ${outcomeText(outcome)}`)
    const known = told.filter(({ outcome }) => outcome.kind !== 'unknown')
    for (const prober of [this.#pod!, this.#outside!]) {
      prober.seen = []
      prober.failed = new Map()
    }
    sendFrom(this.#pod!, known.filter(({ packet }) => packet.direction === 'out').map(({ packet }) => packet))
    sendFrom(this.#outside!, known.filter(({ packet }) => packet.direction === 'in').map(({ packet }) => packet))
    const start = performance.now()
    while (performance.now() - start < ARRIVAL_TIMEOUT_MS && known.some(({ packet, outcome }) => isSeen(outcome) && this.#whatHappened(packet) === undefined)) await sleep(5)
    await sleep(SETTLE_MS)
    const mismatches: Mismatch[] = []
    for (const { packet, outcome } of known) {
      const kernel = this.#whatHappened(packet) ?? 'nothing'
      if (kernel !== expected(outcome, packet)) mismatches.push({ packet: packetText(packet), model: `${outcomeText(outcome)} (${expected(outcome, packet)})`, kernel: `${kernel}${this.#failure(packet)}` })
    }
    for (const prober of [this.#pod!, this.#outside!]) prober.child.stdin!.write('{}\n')
    return { mismatches, unknown }
  }

  /** Each packet has a source port of its own: it tells them apart, and no connection is taken for an older one. */
  #numbered(packet: Packet): Packet {
    this.#port = this.#port >= 59_999 ? 20_000 : this.#port + 1
    return { ...packet, sourcePort: this.#port }
  }

  #whatHappened(packet: Packet): string | undefined {
    const protocol = protocolName(packet.protocol)
    for (const [name, prober] of [['pod', this.#pod!], ['outside', this.#outside!]] as const) {
      const seen = prober.seen.find((one) => one.remotePort === packet.sourcePort && one.protocol === protocol)
      if (seen !== undefined) return `${name} port ${seen.port}${seen.address === '' ? '' : ` as ${seen.address}`}`
    }
    return undefined
  }

  #failure(packet: Packet): string {
    const why = this.#pod!.failed.get(packet.sourcePort!) ?? this.#outside!.failed.get(packet.sourcePort!)
    return why === undefined ? '' : ` (${why})`
  }
}

function isSeen(outcome: Outcome): boolean {
  return outcome.kind === 'leaves' || outcome.kind === 'arrives' && outcome.listener !== 'none'
}

/** What the listeners will say. */
function expected(outcome: Outcome, packet: Packet): string {
  const as = (address: Address): string => packet.protocol === 17 ? '' : ` as ${addressText(address)}`
  if (outcome.kind === 'leaves') return `outside port ${outcome.port}${as(outcome.address)}`
  if (outcome.kind !== 'arrives' || outcome.listener === 'none') return 'nothing'
  return `pod port ${outcome.port}${as(outcome.localAddress)}`
}

function bytesOf({ version, words }: Address): number[] {
  const all = words.flatMap((word) => [word >>> 24, word >>> 16 & 255, word >>> 8 & 255, word & 255])
  return version === 4 ? all.slice(12) : all
}

function sendFrom(prober: Prober, packets: readonly Packet[]): void {
  const sent = packets.map((packet): Sent => ({
    protocol: packet.protocol === 17 ? 'udp' : 'tcp', version: packet.version, source: undefined, sourcePort: packet.sourcePort!, destination: bytesOf(packet.destination),
    sourceBytes: packet.source === undefined ? undefined : bytesOf(packet.source), port: packet.destinationPort!,
    uid: packet.uid ?? 0, gid: packet.gid ?? 0, mark: packet.direction === 'out' ? packet.mark : 0,
  }))
  prober.child.stdin!.write(`${JSON.stringify({ packets: sent })}\n`)
}

async function startProber(name: string): Promise<Prober> {
  const child = spawn('ip', ['netns', 'exec', name, process.execPath, PROBER, JSON.stringify({ ports: PORTS, transparent: TRANSPARENT })], { stdio: ['pipe', 'pipe', 'inherit'] })
  const prober: Prober = { child, seen: [], failed: new Map() }
  await new Promise<void>((resolve, reject) => {
    child.once('exit', () => reject(new Error('the prober ended')))
    createInterface({ input: child.stdout }).on('line', (line) => {
      const said = JSON.parse(line) as Seen & { ready?: boolean, failed?: number, call?: string, errno?: number }
      if (said.ready === true) resolve()
      else if (said.failed !== undefined) prober.failed.set(said.failed, `${said.call}: errno ${said.errno}`)
      else prober.seen.push(said)
    })
  })
  return prober
}
