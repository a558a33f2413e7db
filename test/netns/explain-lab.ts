import { execFileSync, spawn } from 'node:child_process'
import { constants, copyFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ChildProcess } from 'node:child_process'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { readWorld } from '../../src/intercept/explain/read-world.ts'
import { addressText } from '../../src/intercept/netfilter/address-range.ts'
import { Netfilter } from '../../src/intercept/netfilter/netfilter.ts'
import { outcomeText } from '../../src/intercept/netfilter/outcome-text.ts'
import type { Outcome } from '../../src/intercept/netfilter/outcome.ts'
import type { Packet } from '../../src/intercept/netfilter/packet.ts'
import { endText, packetText } from '../../src/intercept/netfilter/packet-text.ts'
import { walkPacket } from '../../src/intercept/netfilter/packet-walk.ts'
import { protocolName } from '../../src/intercept/netfilter/protocol-number.ts'
import type { World } from '../../src/intercept/netfilter/world.ts'
import type { Address } from '../../src/net/address.ts'
import type { Seen, Sent, Served } from './explain-prober.ts'
import { waitUntilUp } from './namespace.ts'

const PROBER = fileURLToPath(new URL('explain-prober.ts', import.meta.url))
/** Somebody listens on each of them, in the pod and outside. */
export const PORTS = [53, 80, 443, 3306, 8080, 9090, 15001, 15006, 15007, 15008, 15021, 15053]
export const TRANSPARENT = [15006, 15007]
/** Served outside only: what `--holes` takes for a port that no rule names, and what Linkerd exempts. */
const OUTSIDE_PORTS = [4242, 4567]
const ARRIVAL_TIMEOUT_MS = 60_000
/** What should not arrive has so long to do it all the same. */
const SETTLE_MS = 60

export interface Mismatch { readonly packet: string, readonly model: string, readonly kernel: string }

/** A process of the pod that listens. `exe`: what its executable is called, so that it may pass for a proxy. */
export interface LabProcess extends Served { readonly exe?: string, readonly uid: number }

interface Prober { readonly child: ChildProcess, readonly served: Served, seen: Seen[], failed: Map<number, string> }

let made = 0

/** A pod and the outside of it, joined by a veth pair: 10.0.0.2 and fd00::2 in the pod, all other addresses outside. */
export class ExplainLab {
  readonly pod: string
  readonly outside: string
  readonly #processes: readonly LabProcess[] | undefined
  /** Those in the pod that listen. */
  #servers: Prober[] = []
  #sender: Prober | undefined
  #outside: Prober | undefined
  #folder: string | undefined
  #world: World | undefined
  #port = 20_000

  /** Without `processes` one that is root serves all PORTS; with them each is what it says, and one that is root comes only to send. */
  constructor(processes?: readonly LabProcess[]) {
    this.#processes = processes
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
    // Where Istio's probes seem to come from.
    ip('-n', this.outside, 'addr', 'add', '169.254.7.127/32', 'dev', 'lo')
    ip('-n', this.outside, '-6', 'route', 'add', 'local', '2001:db8::/32', 'dev', 'lo')
    // Unlike IPv4, IPv6 lets nobody send from an address that only a route makes its own.
    for (const address of ['2001:db8::7', '2001:db8::9', '2001:db8:7::7', 'fd16:9254:7127:1337:ffff:ffff:ffff:ffff']) ip('-n', this.outside, '-6', 'addr', 'add', `${address}/128`, 'dev', 'lo', 'nodad')
    for (const name of [this.pod, this.outside]) waitUntilUp(name, 'eth0')
    this.#outside = await startProber(this.outside, { ports: [...PORTS, ...OUTSIDE_PORTS], transparent: [] })
    if (this.#processes === undefined) this.#servers = [this.#sender = await startProber(this.pod, { ports: PORTS, transparent: TRANSPARENT })]
    else for (const one of this.#processes) await this.start(one)
    await this.look()
  }

  /** Reads anew who listens, and what addresses and routes there are. */
  async look(): Promise<void> {
    this.#world = await readWorld(`/run/netns/${this.pod}`)
  }

  /** One more process of the pod; it listens when this is over. */
  async start(one: LabProcess): Promise<void> {
    this.#servers.push(await startProber(this.pod, one, one.exe === undefined ? process.execPath : this.#named(one.exe)))
  }

  /** Ends those that listen on the port. */
  async stop(port: number): Promise<void> {
    const ended = this.#servers.filter(({ served }) => served.ports.includes(port))
    this.#servers = this.#servers.filter((prober) => !ended.includes(prober))
    for (const prober of ended) await endProber(prober)
  }

  #named(name: string): string {
    this.#folder ??= mkdtempSync(join(tmpdir(), 'mtlscope-lab-'))
    const exe = join(this.#folder, name)
    if (!existsSync(exe)) copyFileSync(process.execPath, exe, constants.COPYFILE_FICLONE)
    return exe
  }

  /** Nothing in the pod is root or may do more than others but while packets are sent. */
  async #stopSender(): Promise<void> {
    if (this.#processes === undefined || this.#sender === undefined) return
    await endProber(this.#sender)
    this.#sender = undefined
  }

  async close(): Promise<void> {
    for (const prober of new Set([...this.#servers, this.#sender, this.#outside])) if (prober !== undefined) await endProber(prober)
    if (this.#folder !== undefined) rmSync(this.#folder, { recursive: true, force: true })
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
  run(program: string, args: readonly string[], input: string | Buffer = ''): string {
    return execFileSync('ip', ['netns', 'exec', this.pod, program, ...args], { encoding: 'utf8', input, stdio: ['pipe', 'pipe', 'pipe'], maxBuffer: 64 * 1024 * 1024 })
  }

  /** Sends the packets for real; those that ended elsewhere than the model says. Packets of which it says that they are unknown count as told. */
  async compare(netfilter: Netfilter, packets: readonly Packet[]): Promise<{ mismatches: Mismatch[], unknown: string[] }> {
    const told = packets.map((packet) => this.#numbered(packet)).map((packet) => ({ packet, outcome: walkPacket(netfilter, this.world, packet).outcome }))
    const unknown = told.filter(({ outcome }) => outcome.kind === 'unknown').map(({ packet, outcome }) => `${packetText(packet)}: ${outcomeText(outcome)}`)
    const known = told.filter(({ outcome }) => outcome.kind !== 'unknown')
    if (known.length === 0) return { mismatches: [], unknown }
    await this.#send(known)
    const mismatches: Mismatch[] = []
    for (const { packet, outcome } of known) {
      const kernel = this.#whatHappened(packet) ?? 'nothing'
      const { original = '' } = this.seenOf(packet) ?? {}
      if (outcome.kind === 'arrives' && original !== '' && original !== endText(outcome.originalAddress, outcome.originalPort)) mismatches.push({ packet: packetText(packet), model: outcomeText(outcome), kernel: `original destination ${original}` })
      if (kernel !== expected(outcome, packet)) mismatches.push({ packet: packetText(packet), model: `${outcomeText(outcome)} (${expected(outcome, packet)})`, kernel: `${kernel}${this.#failure(packet)}` })
    }
    await this.#closeSockets()
    return { mismatches, unknown }
  }

  /** Sends one packet, whatever the model says of it. Where nothing hears it that is known after a while. */
  async send(packet: Packet): Promise<(Seen & { readonly place: 'pod' | 'outside' }) | undefined> {
    const one = this.#numbered(packet)
    await this.#send([{ packet: one, outcome: walkPacket(new Netfilter([]), this.world, one).outcome }])
    const seen = this.seenOf(one)
    await this.#closeSockets()
    return seen
  }

  async #send(known: readonly { packet: Packet, outcome: Outcome }[]): Promise<void> {
    this.#sender ??= await startProber(this.pod, { ports: [], transparent: [] })
    for (const prober of this.#all) {
      prober.seen = []
      prober.failed = new Map()
    }
    sendFrom(this.#sender, known.filter(({ packet }) => packet.direction === 'out').map(({ packet }) => packet))
    sendFrom(this.#outside!, known.filter(({ packet }) => packet.direction === 'in').map(({ packet }) => packet))
    await this.until(() => known.every(({ packet, outcome }) => !isSeen(outcome) || this.#whatHappened(packet) !== undefined))
    await sleep(SETTLE_MS)
  }

  /** Waits, but not for ever. */
  async until(done: () => boolean): Promise<void> {
    for (const start = performance.now(); performance.now() - start < ARRIVAL_TIMEOUT_MS && !done();) await sleep(5)
  }

  async #closeSockets(): Promise<void> {
    for (const prober of this.#all) prober.child.stdin!.write('{}\n')
    await this.#stopSender()
  }

  /** What a listener of the pod or outside said of a connection or datagram from that source port. */
  seenOf({ sourcePort, protocol }: Pick<Packet, 'sourcePort' | 'protocol'>): Seen & { readonly place: 'pod' | 'outside' } | undefined {
    for (const prober of this.#all) {
      const seen = prober.seen.find((one) => one.remotePort === sourcePort && one.protocol === protocolName(protocol))
      if (seen !== undefined) return { ...seen, place: prober === this.#outside ? 'outside' : 'pod' }
    }
    return undefined
  }

  /** Each packet has a source port of its own: it tells them apart, and no connection is taken for an older one. */
  #numbered(packet: Packet): Packet {
    this.#port = this.#port >= 59_999 ? 20_000 : this.#port + 1
    return { ...packet, sourcePort: this.#port }
  }

  #whatHappened(packet: Packet): string | undefined {
    const seen = this.seenOf(packet)
    return seen === undefined ? undefined : `${seen.place} port ${seen.port}${seen.address === '' ? '' : ` as ${seen.address}`}`
  }

  get #all(): Prober[] {
    return [...new Set([...this.#servers, ...this.#sender === undefined ? [] : [this.#sender], this.#outside!])]
  }

  #failure(packet: Packet): string {
    const why = this.#sender!.failed.get(packet.sourcePort!) ?? this.#outside!.failed.get(packet.sourcePort!)
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

async function endProber({ child }: Prober): Promise<void> {
  child.stdin!.end()
  if (child.exitCode === null && child.signalCode === null) await new Promise((resolve) => { child.once('exit', resolve) })
}

async function startProber(name: string, served: Served, exe = process.execPath): Promise<Prober> {
  const child = spawn('ip', ['netns', 'exec', name, exe, PROBER, JSON.stringify(served)], { stdio: ['pipe', 'pipe', 'inherit'] })
  const prober: Prober = { child, served, seen: [], failed: new Map() }
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
