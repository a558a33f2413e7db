// A small mesh whose requests' truth is known: what captures would tell of it, and when.
import type { Endpoint, FlowInfo } from '../model/flow.ts'
import type { Message } from '../model/message.ts'
import type { Micros } from '../model/time.ts'
import type { HopMessage } from './joined-request.ts'

export type Truth = 'plaintext' | 'one-way' | 'mtls'

export interface ModelSettings {
  seed: number
  requests: number
  /** Mean time between the beginnings of requests. */
  gapMicros: number
  /** Interfaces are handed over in batches; a thread may be kept waiting by so much more. */
  maxLagMicros: Micros
  /** Of all messages, so many are lost; but plaintext on a wire only where its other end tells it. */
  lossPercent: number
  /** Some namespaces, loopbacks and wires are captured by nobody. */
  isPartial: boolean
  /** Edges between sidecars whose requests go now this way and now that. */
  mixedPercent: number
  /** Apps that do TLS by themselves: turns without a hop in the clear. */
  ownTlsPercent: number
  /** Connections that are older than the capture: nobody saw their handshake. */
  oldPercent: number
  /** Of services that call another while they answer, so many pass on what they were asked. */
  unchangedPercent: number
  /** Different requests that look alike: so few paths there are. */
  paths: number
}

export interface Request { readonly id: number, readonly truth: Truth, readonly atMicros: Micros }

/** What one capture says, and when that comes. */
export interface Told {
  readonly seen: HopMessage
  readonly source: string
  readonly saidMicros: Micros
  readonly arrivesMicros: Micros
  /** Whose readable message it is; undefined for what is said of a connection. */
  readonly request: Request | undefined
}

/** While a thread is kept waiting, nothing that was said from then on is handed over. */
interface Stall { readonly fromMicros: Micros, readonly toMicros: Micros }

export interface MeshRun {
  /** In the order in which it comes. */
  readonly told: readonly Told[]
  readonly requests: readonly Request[]
  readonly places: readonly { readonly name: string, readonly ip: string }[]
  /** How far everything has been read that is told at that time. */
  readTo(nowMicros: Micros): Micros
}

type Random = () => number

interface Service {
  readonly name: string
  readonly ip: string
  readonly vip: string | undefined
  readonly hasSidecar: boolean
  readonly seesLoopback: boolean
  readonly seesWire: boolean
  /** How the sidecar comes by connections of its app: with the address that was dialled, or without. */
  readonly led: 'kept' | 'redirected' | 'listener'
  readonly appAt: 'loopback' | 'own'
  readonly keepsCaller: boolean
}

interface WireLine {
  readonly from: Service
  readonly to: Service
  readonly kind: Truth
  readonly port: number
  readonly number: number
  readonly isShared: boolean
  /** The server's address as the client's side sees it. */
  readonly dialled: string
  busyUntil: Micros
  openedMicros: Micros
  clientOffset: number
}

const START = 1_000_000_000
const BATCH_MICROS = 50_000
const STALL_CHANCE = 0.15

/** A generator of numbers that are the same each time (mulberry32). */
export function randomOf(seed: number): Random {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6D2B79F5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

export function runMesh(settings: ModelSettings): MeshRun {
  return new MeshModel(settings).run()
}

class MeshModel {
  readonly #settings: ModelSettings
  readonly #random: Random
  readonly #services: Service[]
  readonly #requests: Request[] = []
  readonly #said: Omit<Told, 'arrivesMicros'>[] = []
  readonly #wires: WireLine[] = []
  readonly #policies = new Map<string, 'mtls' | 'one-way' | 'plaintext' | 'mixed'>()
  readonly #appFlows = new Map<string, { id: string, port: number, busyUntil: Micros }[]>()
  readonly #stalls = new Map<string, Stall[]>()
  readonly #turnsLate: boolean
  #nextPort = 30_000
  #nextFlow = 0

  constructor(settings: ModelSettings) {
    this.#settings = settings
    this.#random = randomOf(settings.seed)
    this.#turnsLate = this.#chance(0.3)
    this.#services = ['web', 'cart', 'stock', 'ads'].map((name, at) => this.#service(name, at))
  }

  run(): MeshRun {
    let at = START
    for (let n = 0; n < this.#settings.requests; n++) {
      at += Math.round(-Math.log(1 - this.#random()) * this.#settings.gapMicros)
      if (this.#chance(this.#settings.ownTlsPercent / 100)) this.#ownTls(at)
      const from = this.#pick(this.#services)
      const to = this.#pick(this.#services.filter((one) => one !== from))
      this.#call(from, to, at, `GET /${this.#below(this.#settings.paths)}`, 0)
    }
    for (const line of this.#wires) if (line.busyUntil < Infinity && this.#chance(0.3)) this.#wireSays(line, 'closed', line.busyUntil + 1000, undefined, {})
    return this.#deliver(at)
  }

  #service(name: string, at: number): Service {
    const { isPartial } = this.#settings
    return {
      name, ip: `10.77.0.${at + 1}`, vip: this.#chance(0.4) ? `10.96.0.${at + 1}` : undefined, hasSidecar: this.#chance(0.75),
      seesLoopback: !isPartial || this.#chance(0.8), seesWire: !isPartial || this.#chance(0.7),
      led: this.#pick(['kept', 'redirected', 'listener']), appAt: this.#pick(['loopback', 'own']), keepsCaller: this.#chance(0.3),
    }
  }

  /** One request; its server may pass it on. Returns when it is answered. */
  #call(from: Service, to: Service, atMicros: Micros, what: string, depth: number): Micros {
    const { hasSidecar } = from
    const truth = this.#wayOf(from, to)
    const isLed = hasSidecar && to.hasSidecar && this.#chance(0.99)
    const isAppsOwn = to.hasSidecar && (truth !== 'plaintext' || isLed || this.#chance(0.9))
    const [a, b, c] = [this.#leg(), this.#leg(), this.#leg()]
    const sentMicros = atMicros + (hasSidecar ? a : 0)
    const arrivedMicros = sentMicros + b
    const servedMicros = arrivedMicros + (isAppsOwn ? c : 0)
    let doneMicros = servedMicros + 100 + this.#below(this.#chance(0.1) ? 60_000 : 3000)
    if (depth === 0 && this.#chance(0.2)) doneMicros = this.#call(to, this.#pick(this.#services.filter((one) => one !== to)), servedMicros + this.#leg(), this.#chance(this.#settings.unchangedPercent / 100) ? what : `GET /${this.#below(this.#settings.paths)}`, 1) + this.#leg()
    const backMicros = doneMicros + (isAppsOwn ? this.#leg() : 0)
    const gotMicros = backMicros + this.#leg()
    const endMicros = gotMicros + (hasSidecar ? this.#leg() : 0)
    const isFailed = this.#chance(0.05)
    const request: Request = { id: this.#requests.length, truth, atMicros }
    this.#requests.push(request)
    const said = { what, status: isFailed ? 500 : 200, bytes: this.#pick([20, 20, 300]) }
    if (hasSidecar) this.#clearSays(request, from, this.#appFlow(from, to, atMicros, endMicros), said, atMicros, endMicros)
    const isTriedAgain = this.#triesFirst(request, from, to, what, sentMicros)
    // What was refused in plaintext is tried again over TLS: it was said in plaintext all the same.
    const way = isTriedAgain ? 'mtls' : truth
    const line = this.#wireFor(from, to, way, sentMicros, gotMicros)
    if (way === 'plaintext') this.#plainSays(request, line, said, [sentMicros, arrivedMicros], [backMicros, gotMicros])
    else this.#turnSays(line, [sentMicros, arrivedMicros], [backMicros, gotMicros], said.bytes)
    if (isAppsOwn) this.#clearSays(isTriedAgain ? { ...request, truth: 'mtls' } : request, to, this.#serverFlow(from, to, servedMicros, doneMicros), said, servedMicros, doneMicros)
    return endMicros
  }

  /** A first try that failed, before the one that counts: an mTLS connection that broke, or plaintext that was refused. True where TLS comes after plaintext. */
  #triesFirst(request: Request, from: Service, to: Service, what: string, sentMicros: Micros): boolean {
    if (!from.hasSidecar || !to.hasSidecar || !this.#chance(0.04)) return false
    const [sent, arrived, back, got] = [sentMicros - 16, sentMicros - 12, sentMicros - 8, sentMicros - 4] as const
    const isPlain = request.truth === 'plaintext'
    const line = this.#wireFor(from, to, isPlain ? 'plaintext' : 'mtls', sent, got)
    if (isPlain) this.#plainSays(request, line, { what, status: 503, bytes: 0 }, [sent, arrived], [back, got])
    else this.#turnSays(line, [sent, arrived], [back, got], 20)
    return isPlain
  }

  #wayOf(from: Service, to: Service): Truth {
    if (!from.hasSidecar || !to.hasSidecar) return 'plaintext'
    const key = `${from.name} ${to.name}`
    let policy = this.#policies.get(key)
    if (policy === undefined) {
      policy = this.#chance(this.#settings.mixedPercent / 100) ? 'mixed' : this.#pick(['mtls', 'mtls', 'mtls', 'one-way'])
      this.#policies.set(key, policy)
    }
    return policy === 'mixed' ? this.#pick(['plaintext', 'one-way', 'mtls']) : policy
  }

  #ownTls(atMicros: Micros): void {
    const from = this.#pick(this.#services)
    const to = this.#pick(this.#services.filter((one) => one !== from))
    const end = atMicros + 200 + this.#below(5000)
    this.#turnSays(this.#wireFor(from, to, this.#chance(0.5) ? 'mtls' : 'one-way', atMicros, end), [atMicros, atMicros + 60], [end - 60, end], 20)
  }

  #wireFor(from: Service, to: Service, kind: Truth, fromMicros: Micros, toMicros: Micros): WireLine {
    const known = this.#wires.filter((line) => line.from === from && line.to === to && line.kind === kind && line.busyUntil < Infinity && (line.isShared || line.busyUntil < fromMicros))
    let line = known.length > 0 && this.#chance(0.9) ? this.#pick(known) : undefined
    if (line === undefined) {
      const isShared = kind !== 'plaintext' && this.#chance(0.2)
      line = { from, to, kind, port: this.#portOf(from, to, fromMicros), number: this.#nextFlow++, isShared, dialled: to.vip !== undefined && this.#chance(0.5) ? to.vip : to.ip, busyUntil: 0, openedMicros: fromMicros, clientOffset: 0 }
      this.#wires.push(line)
      if (kind !== 'plaintext') this.#handshakeSays(line, fromMicros)
    }
    line.busyUntil = Math.max(line.busyUntil, toMicros + 1)
    return line
  }

  /** Sometimes that of a connection that was closed. */
  #portOf(from: Service, to: Service, atMicros: Micros): number {
    const old = this.#wires.find((line) => line.from === from && line.to === to && line.busyUntil < atMicros - 5000)
    if (old === undefined || !this.#chance(0.1)) return this.#nextPort++
    this.#wireSays(old, 'closed', atMicros - 2000, undefined, {})
    old.busyUntil = Infinity
    return old.port
  }

  #handshakeSays(line: WireLine, atMicros: Micros): void {
    if (this.#chance(this.#settings.oldPercent / 100)) return
    const isMtls = line.kind === 'mtls'
    const random = `${line.number}`.padStart(64, 'a')
    const says = isMtls && this.#chance(0.3)
      ? { request: { certificate: { chainLength: 1 }, certificateVerify: true }, response: { version: 'TLS 1.2', resumed: false, certificateRequested: true } }
      : { request: { clientFlight: { records: 2, bytes: isMtls ? 900 : 74, end: 'finished' } }, response: { version: 'TLS 1.3', resumed: false, finishedRecordBytes: 74 } }
    this.#wireSays(line, 'handshake', atMicros - 900, 800, { request: { kind: 'handshake', random, sni: line.to.name, ...line.isShared && { alpn: ['mtlscope/1'] }, ...says.request }, response: { kind: 'handshake', ...says.response } })
  }

  #turnSays(line: WireLine, [sent, arrived]: [Micros, Micros], [back, got]: [Micros, Micros], bytes: number): void {
    const clientBytes = 150 + this.#below(30)
    const parts = { request: { kind: 'ciphertext', records: 1, bytes: clientBytes, offset: line.clientOffset }, response: { kind: 'ciphertext', records: 1, bytes: 100 + bytes } }
    line.clientOffset += clientBytes
    const late = this.#turnsLate ? this.#below(20_000) : 0
    this.#wireSays(line, 'ciphertext', sent, got - sent, parts, { place: line.from, late })
    this.#wireSays(line, 'ciphertext', arrived, back - arrived, parts, { place: line.to, late })
  }

  #wireSays(line: WireLine, kind: string, atMicros: Micros, elapsedMicros: Micros | undefined, parts: object, at: { place?: Service, late?: number } = {}): void {
    for (const place of at.place === undefined ? [line.from, line.to] : [at.place]) {
      const later = at.place === undefined && place === line.to ? 50 : 0
      this.#say(undefined, place, 'eth0', this.#wireFlow(line, place), message('tls', { what: kind, atMicros: atMicros + later, elapsedMicros, ...kind === 'closed' ? { request: { kind } } : parts }), at.late ?? 0)
    }
  }

  #plainSays(request: Request, line: WireLine, said: Said, [sent, arrived]: [Micros, Micros], [back, got]: [Micros, Micros]): void {
    const isAtBoth = line.from.seesWire && line.to.seesWire
    const lost = isAtBoth && this.#chance(this.#settings.lossPercent / 100) ? this.#pick([line.from, line.to]) : undefined
    if (lost !== line.from) this.#say(request, line.from, 'eth0', this.#wireFlow(line, line.from), http(said, sent, got))
    if (lost !== line.to) this.#say(request, line.to, 'eth0', this.#wireFlow(line, line.to), http(said, arrived, back))
  }

  #clearSays(request: Request, place: Service, flow: FlowInfo, said: Said, atMicros: Micros, endMicros: Micros): void {
    this.#say(request, place, 'lo', flow, http(said, atMicros, endMicros))
  }

  #say(request: Request | undefined, place: Service, name: 'lo' | 'eth0', flow: FlowInfo, said: Message, late = 0): void {
    if (!(name === 'lo' ? place.seesLoopback : place.seesWire)) return
    const isPlain = request !== undefined && name === 'eth0'
    if (!isPlain && this.#chance(this.#settings.lossPercent / 100)) return
    this.#said.push({ seen: { flow, message: said }, source: `${place.name}/${name}`, saidMicros: said.atMicros + (said.elapsedMicros ?? 0) + late, request })
  }

  #wireFlow(line: WireLine, place: Service): FlowInfo {
    const server: Endpoint = { ip: place === line.from ? line.dialled : line.to.ip, port: 8080 }
    return { id: `${place.name}-w${line.number}`, client: { ip: line.from.ip, port: line.port }, server, capture: 'netns', hop: 'wire', namespace: place.name, interface: 'eth0', firstMicros: line.openedMicros }
  }

  #appFlow(from: Service, to: Service, atMicros: Micros, endMicros: Micros): FlowInfo {
    const { id, port } = this.#idleFlow(`${from.name} out ${to.name}`, from, atMicros, endMicros)
    const dialled = { ip: to.vip ?? to.ip, port: 80 }
    const [client, server] = from.led === 'kept' ? [from.ip, dialled] : [from.led === 'redirected' ? from.ip : '127.0.0.1', { ip: '127.0.0.1', port: 15_001 }]
    return { id, client: { ip: client, port }, server, capture: 'netns', hop: 'clear', namespace: from.name, interface: 'lo', firstMicros: atMicros }
  }

  #serverFlow(from: Service, to: Service, atMicros: Micros, endMicros: Micros): FlowInfo {
    const { id, port } = this.#idleFlow(`${to.name} in`, to, atMicros, endMicros)
    return { id, client: { ip: to.keepsCaller ? from.ip : to.appAt === 'own' ? to.ip : '127.0.0.1', port }, server: { ip: to.appAt === 'own' ? to.ip : '127.0.0.1', port: 9090 }, capture: 'netns', hop: 'clear', namespace: to.name, interface: 'lo', firstMicros: atMicros }
  }

  #idleFlow(key: string, place: Service, atMicros: Micros, endMicros: Micros): { id: string, port: number } {
    const all = this.#appFlows.get(key) ?? []
    this.#appFlows.set(key, all)
    let flow = this.#chance(0.8) ? all.find((one) => one.busyUntil < atMicros) : undefined
    if (flow === undefined) all.push(flow = { id: `${place.name}-l${this.#nextFlow++}`, port: this.#nextPort++, busyUntil: 0 })
    flow.busyUntil = endMicros
    return flow
  }

  /** Each thread reads some of the interfaces, and is kept waiting at times. */
  #deliver(endMicros: Micros): MeshRun {
    const threads = 1 + this.#below(4)
    const threadOf = new Map<string, number>()
    const lastOf = new Map<string, Micros>()
    for (let thread = 0; thread < threads; thread++) this.#stalls.set(`${thread}`, this.#stallsUntil(endMicros))
    this.#said.sort((a, b) => a.saidMicros - b.saidMicros)
    const told = this.#said.map((one): Told => {
      const thread = threadOf.get(one.source) ?? this.#below(threads)
      threadOf.set(one.source, thread)
      const arrivesMicros = Math.max(this.#handedOver(`${thread}`, one.saidMicros), lastOf.get(one.source) ?? 0)
      lastOf.set(one.source, arrivesMicros)
      return { ...one, arrivesMicros }
    })
    const order = new Map(told.map((one) => [one, this.#random()]))
    const sources = new Map(told.map((one, at) => [one, at]))
    told.sort((a, b) => a.arrivesMicros - b.arrivesMicros || (a.source === b.source ? sources.get(a)! - sources.get(b)! : (threadOf.get(a.source)! - threadOf.get(b.source)!) || (a.source < b.source ? -1 : 1) || order.get(a)! - order.get(b)!))
    return { told, requests: this.#requests, places: this.#services, readTo: (now) => this.#readTo(now) }
  }

  #stallsUntil(endMicros: Micros): Stall[] {
    const stalls: Stall[] = []
    const { maxLagMicros } = this.#settings
    const step = Math.max(2 * maxLagMicros, 1)
    if (maxLagMicros > 0) for (let at = START - step; at < endMicros + step; at += step) {
      const from = at + this.#below(step / 2)
      if (this.#chance(STALL_CHANCE * 3)) stalls.push({ fromMicros: from, toMicros: from + this.#below(maxLagMicros) })
    }
    return stalls
  }

  #handedOver(thread: string, saidMicros: Micros): Micros {
    const batch = (Math.floor(saidMicros / BATCH_MICROS) + 1) * BATCH_MICROS
    const stall = this.#stalls.get(thread)!.find(({ fromMicros, toMicros }) => fromMicros <= batch && batch < toMicros)
    return stall?.toMicros ?? batch
  }

  #readTo(nowMicros: Micros): Micros {
    let to = nowMicros
    for (const thread of this.#stalls.keys()) {
      let batch = Math.floor(nowMicros / BATCH_MICROS) * BATCH_MICROS
      while (this.#handedOver(thread, batch - 1) > nowMicros) batch -= BATCH_MICROS
      to = Math.min(to, batch - 1)
    }
    return to
  }

  #leg(): Micros {
    return 20 + this.#below(this.#chance(0.1) ? 2000 : 200)
  }

  #below(bound: number): number {
    return Math.floor(this.#random() * bound)
  }

  #chance(share: number): boolean {
    return this.#random() < share
  }

  #pick<T>(all: readonly T[]): T {
    return all[this.#below(all.length)]!
  }
}

interface Said { readonly what: string, readonly status: number, readonly bytes: number }

function message(protocol: string, parts: Partial<Message>): Message {
  return { protocol, atMicros: 0, elapsedMicros: undefined, what: '', status: undefined, outcome: 'ok', request: undefined, response: undefined, complete: true, notes: [], ...parts }
}

function http({ what, status, bytes }: Said, atMicros: Micros, endMicros: Micros): Message {
  return message('http1', { what, status, atMicros, elapsedMicros: endMicros - atMicros, request: { bodyBytes: 0 }, response: { bodyBytes: bytes } })
}

/** Which message of a run it was that something names by its flow, or undefined. */
export class ToldIndex {
  readonly #byFlow = new Map<string, Told[]>()

  constructor(told: readonly Told[]) {
    for (const one of told) {
      if (one.request === undefined) continue
      const key = keyOf(one.seen.flow.namespace, one.seen.flow.id)
      const ofFlow = this.#byFlow.get(key)
      if (ofFlow === undefined) this.#byFlow.set(key, [one])
      else ofFlow.push(one)
    }
  }

  /** The nearest in time of those that say that on that flow. */
  find(namespace: string | undefined, flowId: string, what: string, atMicros: Micros): Told | undefined {
    let nearest: Told | undefined
    const apart = ({ seen }: Told): Micros => Math.abs(seen.message.atMicros - atMicros)
    for (const one of this.#byFlow.get(keyOf(namespace, flowId)) ?? []) {
      if (one.seen.message.what === what && (nearest === undefined || apart(one) < apart(nearest))) nearest = one
    }
    return nearest
  }
}

function keyOf(namespace: string | undefined, flowId: string): string {
  return `${namespace ?? ''} ${flowId}`
}
