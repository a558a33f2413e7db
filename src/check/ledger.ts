import { BoundedMap } from '../base/bounded-map.ts'
import type { FlowInfo } from '../model/flow.ts'
import type { Message } from '../model/message.ts'
import type { Micros } from '../model/time.ts'
import { CertificateMemory } from './certificate-memory.ts'
import { Connection } from './connection.ts'
import type { View } from './connection.ts'
import { Edge, nameOf } from './edge.ts'
import type { FrameAt } from './evidence.ts'
import { handshakeEvidence } from './evidence.ts'
import { handshakeFindings } from './findings.ts'
import type { HandshakeFacts } from './handshake-facts.ts'
import { readHandshake } from './handshake-facts.ts'
import { isEnding } from './ending.ts'
import { judgeHandshake } from './judge-handshake.ts'
import type { Judgement } from './judge-handshake.ts'
import type { Sight } from './late.ts'
import { isPreface, plainText, protocolName } from './plain-proof.ts'
import { Sessions } from './sessions.ts'
import type { Evidence } from './verdict.ts'

/** Connections that may still change their verdict; the oldest keep the one they have. */
const MAX_CONNECTIONS = 40_000
/** More edges are counted and not judged. */
const MAX_EDGES = 20_000
const MAX_DATAGRAM_SERVERS = 1000
/** Of evidence, of all edges together. */
const MAX_SENTENCES = 100_000

const NO_FRAME: FrameAt = () => undefined

/** What is known of a message beside it. */
export interface Beside {
  readonly frameAt?: FrameAt
  /** Of a handshake: see `read`. */
  readonly facts?: HandshakeFacts | undefined
  /** How often peer bytes of the connection broke their protocol so far. */
  readonly broken?: number
  /** Its id, where it comes out of a store. */
  readonly storedAs?: number
}

/** Conversations over UDP with one port of one server: not judged, and said so. */
export interface DatagramServer { readonly server: string, readonly port: number, readonly protocol: string, conversations: number }

/** Messages in, edges out: what every connection was, and by what it is known. Pure: time is that of the messages. */
export class Ledger {
  readonly edges = new Map<string, Edge>()
  readonly datagrams = new Map<string, DatagramServer>()
  readonly #connections = new BoundedMap<string, Connection>(MAX_CONNECTIONS)
  readonly #sessions = new Sessions()
  readonly #certificates = new CertificateMemory()
  /** Connections between apps and proxies on a loopback, in the clear as they should be. */
  clearHops = 0
  #sentencesLeft = MAX_SENTENCES
  /** Examples whose evidence was not kept for want of room. */
  withoutEvidence = 0
  /** Connections of edges for which there was no room. */
  unjudged = 0
  firstMicros: Micros = Infinity
  lastMicros: Micros = -Infinity

  add(flow: FlowInfo, message: Message, beside: Beside): void {
    const { facts, broken = 0 } = beside
    this.firstMicros = Math.min(this.firstMicros, message.atMicros)
    this.lastMicros = Math.max(this.lastMicros, message.atMicros)
    if (message.decrypted === true && facts === undefined) return
    if (message.protocol === 'udp' || message.protocol === 'dns') this.#addDatagrams(flow, message)
    else if (facts !== undefined) this.#addHandshake(flow, message, facts, beside)
    else if (message.protocol === 'tcp') this.#addBytes(flow, message, beside)
    else if (message.protocol !== 'tls') this.#addReadable(flow, message, beside)
    else if (isEnding(message)) this.#forget(flow)
    else if (broken > 0 || !message.complete) this.#doubt(flow, message, beside)
  }

  /** Facts of a handshake that no other thread has read; undefined where the message is none. */
  read(message: Message): HandshakeFacts | undefined {
    return readHandshake(message, this.#certificates)
  }

  #addHandshake(flow: FlowInfo, message: Message, facts: HandshakeFacts, { frameAt = NO_FRAME, storedAs }: Beside): void {
    const connection = this.#connectionOf(flow)
    const judged = judgeHandshake(facts)
    if (judged === undefined) {
      this.#refuse(connection, flow, message.atMicros, facts, frameAt)
      return
    }
    const view = connection.view(flow, flowKey(flow))
    const judgement = this.#sessions.settle(judged, facts, flow)
    // A renegotiation that is no better takes nothing away from what the connection began with.
    if (view.tls === undefined || !facts.renegotiation || judgement.verdict === 'mtls') view.tls = judgement
    this.#recount(connection, flow, message.atMicros, () => [...(view.preface === undefined ? [] : [view.preface]), ...handshakeEvidence(facts, flow, frameAt).map((one) => stemming(one, storedAs))])
    const edge = this.#edgeOf(flow)
    edge?.handshake(facts)
    edge?.find(handshakeFindings(facts, frameAt))
  }

  /** What sizes of records were concluded from is nothing where records do not follow each other without a break. */
  #doubt(flow: FlowInfo, message: Message, { storedAs, broken = 0 }: Beside): void {
    const connection = this.#connectionOf(flow)
    const view = connection.view(flow, flowKey(flow))
    if (view.tls === undefined || view.tls.verdict === 'mtls' || view.tls.isDoubtful === true || !(view.tls.fromSizes === true || (view.tls.joinedLate === true && broken > 0))) return
    view.tls = { ...view.tls, joinedLate: undefined, isOlder: view.tls.joinedLate, verdict: 'unknown', because: 'its records do not follow each other without a break, so that their sizes say nothing', isDoubtful: true }
    this.#recount(connection, flow, message.atMicros, () => [stemming({ kind: 'loss', what: message.notes[0] ?? 'bytes where a record must begin are none', atMicros: message.atMicros }, storedAs)])
  }

  /** Older than the watch, and nothing was said in it: it has no verdict. Where another place saw more it keeps that. */
  #forget(flow: FlowInfo): void {
    const connection = this.#connectionOf(flow)
    const view = connection.view(flow, flowKey(flow))
    if (view.tls?.joinedLate !== true) return
    view.tls = undefined
    if (connection.judgement !== undefined || connection.counted === undefined) return
    const edge = connection.isLocal ? undefined : this.#edgeOf(flow)
    if (edge?.connections[connection.counted] !== undefined) {
      this.#countSight(connection, edge, flow, undefined)
      edge.count(connection.counted, -1)
      edge.endings++
      connection.isEnding = true
    }
    connection.counted = undefined
  }

  #refuse(connection: Connection, flow: FlowInfo, atMicros: Micros, facts: HandshakeFacts, frameAt: FrameAt): void {
    const edge = this.#edgeOf(flow)
    if (connection.isRefused || edge === undefined) return
    connection.isRefused = true
    edge.seen(flow, atMicros)
    edge.refused++
    const { failure, closedBy } = facts
    edge.refusedBecause ??= failure === undefined ? `its end was not seen: the ${closedBy} went away, or the capture ended first` : `the ${failure.side} ended the handshake: ${failure.status}`
    const what = failure === undefined ? 'handshakes of which no end was seen' : `the ${failure.side} ends handshakes: ${failure.status}`
    const frame = facts.at.over === undefined ? undefined : frameAt(facts.at.over)
    edge.find([{ kind: 'failed-handshakes', severity: 'low', what, fix: 'look into the logs of both sides', ...(frame !== undefined && { frame }), atMicros }])
  }

  #addReadable(flow: FlowInfo, message: Message, { frameAt = NO_FRAME, storedAs }: Beside): void {
    const connection = this.#connectionOf(flow)
    const view = connection.view(flow, flowKey(flow))
    if (isPreface(message)) {
      view.preface ??= stemming(plainEvidence(message, frameAt), storedAs)
      connection.flow = flow
      return
    }
    view.plain ??= protocolName(message.protocol)
    this.#recount(connection, flow, message.atMicros, () => [stemming(plainEvidence(message, frameAt), storedAs)])
  }

  /** Bytes that nobody claims, or a connection that came to nothing. */
  #addBytes(flow: FlowInfo, message: Message, { frameAt = NO_FRAME, storedAs }: Beside): void {
    // Without a byte there is nothing to judge.
    if (message.status !== undefined) return
    const connection = this.#connectionOf(flow)
    const view = connection.view(flow, flowKey(flow))
    view.unclaimed = true
    view.joinedLate = message.notes.includes('the start of the connection was not captured')
    this.#recount(connection, flow, message.atMicros, () => [stemming(bytesEvidence(message, view, frameAt), storedAs)])
  }

  #addDatagrams(flow: FlowInfo, message: Message): void {
    if (flow.hop === 'clear') return
    const protocol = message.protocol === 'dns' ? 'DNS' : message.what.split(',')[0]!
    const key = `${nameOf(flow.server)} ${flow.server.port} ${protocol}`
    const known = this.datagrams.get(key)
    if (known !== undefined) known.conversations++
    else if (this.datagrams.size < MAX_DATAGRAM_SERVERS) this.datagrams.set(key, { server: nameOf(flow.server), port: flow.server.port, protocol, conversations: 1 })
  }

  /** Nothing more will come. */
  end(): void {
    for (const connection of this.#connections.values()) {
      const preface = connection.flow === undefined ? undefined : connection.end()
      if (preface !== undefined) this.#recount(connection, connection.flow!, preface.atMicros!, () => [preface])
    }
  }

  #connectionOf(flow: FlowInfo): Connection {
    const key = tupleKey(flow)
    const known = this.#connections.get(key)
    if (known?.isOf(flow, flowKey(flow)) === true) return known
    const connection = new Connection(flow)
    this.#connections.set(key, connection)
    return connection
  }

  #edgeOf(flow: FlowInfo): Edge | undefined {
    const key = edgeKey(flow)
    let edge = this.edges.get(key)
    if (edge === undefined && this.edges.size < MAX_EDGES) this.edges.set(key, edge = new Edge(flow))
    return edge
  }

  /** Its verdict may have changed: its edge counts it anew. */
  #recount(connection: Connection, flow: FlowInfo, atMicros: Micros, evidence: () => Evidence[]): void {
    const judgement = connection.judgement
    if (judgement === undefined) return
    if (connection.isLocal && !judgement.encrypted) {
      if (connection.counted === undefined && judgement.verdict === 'plaintext') this.clearHops++
      connection.counted = judgement.verdict
      return
    }
    const edge = this.#edgeOf(flow)
    if (edge === undefined) {
      if (connection.counted === undefined) this.unjudged++
      connection.counted = judgement.verdict
      return
    }
    edge.seen(flow, atMicros)
    if (connection.isEnding) edge.endings--
    connection.isEnding = false
    this.#countSight(connection, edge, flow, judgement)
    this.#move(connection, edge, judgement, evidence)
  }

  #countSight(connection: Connection, edge: Edge, flow: FlowInfo, judgement: Judgement | undefined): void {
    const sight = judgement === undefined ? undefined : sightOf(judgement)
    if (connection.countedSight === sight) return
    if (connection.countedSight !== undefined) edge.countSight(connection.countedSight, flow, -1)
    if (sight !== undefined) edge.countSight(sight, flow, 1)
    connection.countedSight = sight
  }

  #move(connection: Connection, edge: Edge, judgement: Judgement, evidence: () => Evidence[]): void {
    const { verdict } = judgement
    if (connection.counted === verdict) return
    if (connection.counted !== undefined && edge.connections[connection.counted] !== undefined) edge.count(connection.counted, -1)
    connection.counted = verdict
    edge.count(verdict, 1)
    const resumed = judgement.resumes === true && (verdict === 'unknown' || verdict === 'mtls (inferred)') ? verdict : undefined
    edge.resumedUnknown += Number(resumed === 'unknown') - Number(connection.countedResumed === 'unknown')
    edge.resumedInferred += Number(resumed === 'mtls (inferred)') - Number(connection.countedResumed === 'mtls (inferred)')
    connection.countedResumed = resumed
    if (!edge.wantsExample(verdict)) return
    const sentences = this.#sentencesLeft > 0 ? evidence() : []
    if (this.#sentencesLeft <= 0) this.withoutEvidence++
    this.#sentencesLeft -= sentences.length
    edge.addExample(judgement, sentences)
  }
}

function sightOf({ joinedLate, isOlder, resumes, verdict }: Judgement): Sight | undefined {
  if (joinedLate === true) return 'late'
  if (isOlder === true) return 'older'
  return resumes !== true && (verdict === 'mtls' || verdict === 'mtls (inferred)') ? 'mutual' : undefined
}

function stemming(evidence: Evidence, storedAs: number | undefined): Evidence {
  return storedAs === undefined ? evidence : { ...evidence, message: storedAs }
}

function plainEvidence(message: Message, frameAt: FrameAt): Evidence {
  const frame = frameAt(message.atMicros)
  const kind = isPreface(message) ? 'upgrade' : 'plaintext'
  return { kind, what: `readable on the wire: ${plainText(message)}`, ...(frame !== undefined && { frame }), atMicros: message.atMicros }
}

function bytesEvidence(message: Message, view: View, frameAt: FrameAt): Evidence {
  const frame = frameAt(message.atMicros)
  return {
    kind: view.joinedLate ? 'late' : 'limit', what: `${message.what}, of a protocol that is not known${view.joinedLate ? ', joined late' : ''}`,
    ...(frame !== undefined && { frame }), atMicros: message.atMicros,
  }
}

function flowKey(flow: FlowInfo): string {
  return `${flow.namespace ?? ''} ${flow.id}`
}

function tupleKey({ client, server }: FlowInfo): string {
  return `${client.ip} ${client.port} ${server.ip} ${server.port}`
}

function edgeKey({ client, server }: FlowInfo): string {
  return edgeKeyOf(nameOf(client), nameOf(server), server.port)
}

export function edgeKeyOf(client: string, server: string, port: number): string {
  return `${client} ${server} ${port}`
}
