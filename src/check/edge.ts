import type { FlowInfo } from '../model/flow.ts'
import type { Micros } from '../model/time.ts'
import type { ChainFacts, HandshakeFacts } from './handshake-facts.ts'
import type { Judgement } from './judge-handshake.ts'
import { Sights } from './late.ts'
import type { Sight } from './late.ts'
import type { EdgeTls, Evidence, Finding, PeerIdentity, Verdict } from './verdict.ts'

/** Connections of each verdict whose evidence is kept whole. */
const MAX_EXAMPLES = 2
/** Different values kept of what connections agreed on. */
const MAX_VALUES = 16
const MAX_FINDINGS = 64
const MAX_ADDRESSES = 32
const MAX_NAMESPACES = 4
/** Peers may call themselves anything, at any length. */
const MAX_NAME_CHARS = 256
const MAX_NAMES = 8

/** Each once. */
type Values = readonly string[]
const NONE: Values = []
const NOTHING_LIKENED = { connections: 0, handshakes: 0 }

/** One connection that stands for others of its verdict. */
export interface Example {
  readonly verdict: Verdict
  readonly because: string
  readonly forProof: string | undefined
  readonly evidence: readonly Evidence[]
}

/** All that was seen between one client and one port of one server. Bounded, however many connections. */
export class Edge {
  readonly client: string
  readonly server: string
  readonly port: number
  readonly connections: Partial<Record<Verdict, number>> = {}
  readonly examples: Example[] = []
  readonly findings: Finding[] = []
  readonly clientIps = new Set<string>()
  readonly serverIps = new Set<string>()
  /** Made where there is something to keep: a flood of half-open connections makes many edges, of which nothing of this is known. */
  #versions: Values = NONE
  #suites: Values = NONE
  #groups: Values = NONE
  #sni: Values = NONE
  /** A handshake without a server name was seen. */
  hasNameless = false
  #alpn: Values = NONE
  /** What one client offered: lists of several make one that nobody offers. */
  offeredAlpn: readonly string[] | undefined
  /** Connections that resume a session whose first handshake is not in the capture. */
  resumedUnknown = 0
  /** Connections that resume a session and only inherited an inference. */
  resumedInferred = 0
  #postQuantum: boolean | undefined
  #resumed = 0
  /** Made where there is something to keep, as the lists above. */
  #sights: Sights | undefined
  /** Connections that are older than the watch, of which nothing but the end was seen. */
  endings = 0
  /** There are servers beyond those that are kept. */
  hasMoreServers = false
  refused = 0
  refusedBecause: string | undefined
  clientIdentity: PeerIdentity | undefined
  serverIdentity: PeerIdentity | undefined
  firstMicros: Micros = Infinity
  lastMicros: Micros = -Infinity
  /** Names of the namespaces that it was seen in; '' for this machine's own. */
  readonly namespaces = new Set<string>()

  constructor(flow: FlowInfo) {
    this.client = nameOf(flow.client)
    this.server = nameOf(flow.server)
    this.port = flow.server.port
  }

  count(verdict: Verdict, by: 1 | -1): void {
    const count = (this.connections[verdict] ?? 0) + by
    if (count === 0) delete this.connections[verdict]
    else this.connections[verdict] = count
  }

  countSight(sight: Sight, { client, server }: FlowInfo, by: 1 | -1): void {
    this.#sights ??= new Sights()
    this.#sights.count(sight, `${client.ip} ${server.ip}`, by)
  }

  /** Connections that are counted as unknown because their handshake was not seen. */
  get late(): number {
    return this.#sights?.late ?? 0
  }

  /** Further ones that are counted as unknown and older than the watch, of which it cannot be told whether they are TLS. */
  get older(): number {
    return this.#sights?.older ?? 0
  }

  get likened(): Sights['likened'] {
    return this.#sights?.likened ?? NOTHING_LIKENED
  }

  seen(flow: FlowInfo, atMicros: Micros): void {
    if (atMicros < this.firstMicros) this.firstMicros = atMicros
    if (atMicros > this.lastMicros) this.lastMicros = atMicros
    addTo(this.clientIps, flow.client.ip, MAX_ADDRESSES)
    addTo(this.serverIps, flow.server.ip, MAX_ADDRESSES)
    this.hasMoreServers ||= !this.serverIps.has(flow.server.ip)
    addTo(this.namespaces, flow.namespace ?? '', MAX_NAMESPACES)
  }

  wantsExample(verdict: Verdict): boolean {
    return this.examples.reduce((count, example) => count + Number(example.verdict === verdict), 0) < MAX_EXAMPLES
  }

  addExample(judgement: Judgement, evidence: readonly Evidence[]): void {
    const { verdict, because, forProof } = judgement
    this.examples.push({ verdict, because, forProof, evidence })
  }

  handshake(facts: HandshakeFacts): void {
    if (facts.resumed === true) this.#resumed++
    this.#versions = withValue(this.#versions, facts.version)
    this.#suites = withValue(this.#suites, facts.suite)
    this.#groups = withValue(this.#groups, facts.group)
    this.#sni = withValue(this.#sni, facts.sni)
    this.hasNameless ||= facts.seen && facts.sni === undefined
    if (facts.seen) this.offeredAlpn ??= facts.alpn.slice(0, MAX_VALUES).map(cut)
    for (const name of facts.alpn) this.#alpn = withValue(this.#alpn, name)
    if (facts.postQuantum !== undefined) this.#postQuantum = facts.postQuantum && this.#postQuantum !== false
    this.serverIdentity = better(this.serverIdentity, facts.server, facts.decrypted || facts.serverSignature === 'good')
    this.clientIdentity = better(this.clientIdentity, facts.client, facts.certificateVerify && (facts.decrypted || facts.clientSignature === 'good'))
  }

  /** The names that handshakes asked for, undefined for those without; undefined where they are too many to be known all. */
  get asked(): readonly (string | undefined)[] | undefined {
    if (this.#sni.length >= MAX_VALUES) return undefined
    return this.hasNameless ? [undefined, ...this.#sni] : this.#sni
  }

  find(findings: readonly Finding[]): void {
    for (const finding of findings) {
      if (this.findings.length >= MAX_FINDINGS || this.findings.some(({ kind, what }) => kind === finding.kind && what === finding.what)) continue
      this.findings.push(finding)
    }
  }

  get tls(): EdgeTls | undefined {
    if (this.#versions.length === 0) return undefined
    return {
      versions: this.#versions, suites: this.#suites, groups: this.#groups, sni: this.#sni, alpn: this.#alpn,
      resumed: this.#resumed, ...(this.#postQuantum !== undefined && { postQuantum: this.#postQuantum }),
    }
  }
}

/** What an edge calls its ends: the workload's name, else the address. */
export function nameOf({ ip, name }: { readonly ip: string, readonly name?: string }): string {
  return cut(name ?? ip)
}

function cut(text: string): string {
  return text.length > MAX_NAME_CHARS ? `${text.slice(0, MAX_NAME_CHARS - 1)}…` : text
}

function addTo(set: Set<string>, value: string, limit: number): void {
  if (set.size < limit) set.add(cut(value))
}

function withValue(values: Values, value: string | undefined): Values {
  if (value === undefined || values.length >= MAX_VALUES) return values
  const short = cut(value)
  return values.includes(short) ? values : [...values, short]
}

/** The first that was shown stays, until one is proved. */
function better(known: PeerIdentity | undefined, chain: ChainFacts | undefined, proved: boolean): PeerIdentity | undefined {
  if (chain === undefined || chain.length === 0 || chain.leaf === undefined || (known !== undefined && (known.proved || !proved))) return known
  const { spiffeId, subject, issuer, alternativeNames, notBefore, notAfter, sha256 } = chain.leaf
  return {
    ...(spiffeId !== undefined && { spiffeId: cut(spiffeId) }), ...(subject !== undefined && { subject: cut(subject) }),
    ...(issuer !== undefined && { issuer: cut(issuer) }), ...(alternativeNames !== undefined && { names: alternativeNames.slice(0, MAX_NAMES).map(cut) }),
    ...(notBefore !== undefined && { notBefore }), ...(notAfter !== undefined && { notAfter }), chainLength: chain.length, sha256, proved,
  }
}
