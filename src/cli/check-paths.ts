import type { Edge } from '../check/edge.ts'
import type { HandshakeFacts } from '../check/handshake-facts.ts'
import { edgeKeyOf } from '../check/ledger.ts'
import { plainText } from '../check/plain-proof.ts'
import type { Evidence, ReportedHop } from '../check/verdict.ts'
import { HopJoin } from '../mesh/hop-join.ts'
import type { JoinedHop, JoinedRequest } from '../mesh/hop-join.ts'
import { isLoopbackAddress } from '../net/address.ts'
import type { FlowInfo } from '../model/flow.ts'
import type { Message } from '../model/message.ts'

/** Edges whose way is told. */
const MAX_PATHS = 20_000
const MAX_PLACES = 1000
/** Messages of wires that are kept before any clear hop was seen: where none ever comes there is nothing to join. */
const MAX_EARLY = 20_000
const MAX_PLACE_ADDRESSES = 16

interface Path { readonly hops: readonly JoinedHop[], readonly message: Message, readonly places: readonly string[], requests: number }

/** Brings the clear hops on loopbacks and the hop on the wire together: the ways that requests of each edge took. */
export class CheckPaths {
  readonly #join = new HopJoin((request) => this.#joined(request))
  readonly #paths = new Map<string, Path>()
  #early = 0
  readonly #places = new Map<string, Set<string>>()
  /** Something was read on a loopback: there are hops to be joined. */
  hasClearHops = false

  /** Without bodies and headers: who said what when is enough. `facts` of a handshake stand for it. */
  add(flow: FlowInfo, message: Message, facts: HandshakeFacts | undefined): void {
    if (message.decrypted === true && facts === undefined) return
    if (flow.hop === 'clear' && message.protocol !== 'tcp' && message.protocol !== 'tls') {
      this.hasClearHops = true
      this.#learn(flow)
    }
    if (!this.hasClearHops && ++this.#early > MAX_EARLY) return
    this.#join.add({ flow, message: facts === undefined ? message : handshakeMessage(message, facts) })
  }

  /** Who sends from an address on the loopback of a namespace has that address there. */
  #learn({ namespace, client }: FlowInfo): void {
    if (namespace === undefined || isLoopbackAddress(client.ip)) return
    const known = this.#places.get(namespace) ?? new Set<string>()
    if (known.has(client.ip) || known.size >= MAX_PLACE_ADDRESSES || (known.size === 0 && this.#places.size >= MAX_PLACES)) return
    known.add(client.ip)
    this.#places.set(namespace, known)
    this.#join.setPlace(namespace, [...known])
  }

  end(): void {
    this.#join.end()
  }

  pathOf(edge: Edge): { path: readonly ReportedHop[], evidence: readonly Evidence[] } | undefined {
    const path = this.#paths.get(edgeKeyOf(edge.client, edge.server, edge.port))
    return path && { path: reportHops(path, edge), evidence: [evidenceOf(path)] }
  }

  #joined({ hops, message, from, to }: JoinedRequest): void {
    const wire = hops.find(({ kind }) => kind !== 'clear')
    if (wire === undefined || hops.length < 2 || (wire.kind === 'tls' && wire.evidence !== 'turn')) return
    const key = edgeKeyOf(wire.client.name ?? wire.client.ip, wire.server.name ?? wire.server.ip, wire.server.port)
    const known = this.#paths.get(key)
    const requests = (known?.requests ?? 0) + 1
    if (known !== undefined && known.hops.length >= hops.length) known.requests = requests
    else if (known !== undefined || this.#paths.size < MAX_PATHS) {
      const places = [hops[0]!.kind === 'clear' ? from : undefined, hops.at(-1)!.kind === 'clear' ? to : undefined].filter((place) => place !== undefined)
      this.#paths.set(key, { hops, message: lightMessage(message), places, requests })
    }
  }
}

/** What docs/protocols/tls.md calls a handshake, as far as hops are joined by it. */
function handshakeMessage(message: Message, facts: HandshakeFacts): Message {
  const { sni, client, certificateVerify, clientFlight, version, suite, group, chosenAlpn, resumed, certificateRequested, finishedBytes } = facts
  return {
    ...lightMessage(message),
    request: { kind: 'handshake', sni, certificate: client && { chainLength: client.length }, certificateVerify, clientFlight },
    response: { kind: 'handshake', version, cipherSuite: suite, group, alpn: chosenAlpn, resumed, certificateRequested, finishedRecordBytes: finishedBytes },
  }
}

function lightMessage({ protocol, atMicros, elapsedMicros, what, status, outcome, complete, notes }: Message): Message {
  return { protocol, atMicros, elapsedMicros, what, status, outcome, complete, notes, request: undefined, response: undefined }
}

function reportHops({ hops }: Path, edge: Edge): ReportedHop[] {
  const wireAt = hops.findIndex(({ kind }) => kind !== 'clear')
  return hops.map((hop, i): ReportedHop => {
    if (hop.kind === 'clear') return i < wireAt ? { kind: 'clear', from: `${edge.client}: app`, to: 'proxy', what: 'clear, on the loopback' } : { kind: 'clear', from: 'proxy', to: `${edge.server}: app`, what: 'clear, on the loopback' }
    const from = wireAt > 0 ? 'proxy' : edge.client
    const to = i < hops.length - 1 ? 'proxy' : edge.server
    return hop.kind === 'tls' ? { kind: 'tls', from, to, what: hop.version ?? 'TLS' } : { kind: 'plain', from, to, what: 'plaintext' }
  })
}

function evidenceOf({ hops, message, places, requests }: Path): Evidence {
  const wire = hops.find(({ kind }) => kind !== 'clear')!
  const where = places.length === 0 ? 'the loopback' : `the loopback of ${places.join(' and of ')}`
  const crossed = wire.kind === 'tls' ? `crossed the wire as ${wire.records ?? 'TLS'} records of ${wire.bytes ?? 'unknown'} bytes that nobody can read` : 'crossed the wire in the clear'
  const many = requests === 1 ? '' : `; ${requests} requests took this way`
  return { kind: 'pairing', what: `${plainText(message)} was read on ${where}, where that is expected, and ${crossed}${many}`, atMicros: message.atMicros }
}
