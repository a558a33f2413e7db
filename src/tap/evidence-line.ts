import { CertificateMemory } from '../check/certificate-memory.ts'
import { ChosenEdges } from '../check/chosen-edges.ts'
import { contentDigest } from '../check/content-digests.ts'
import { readHandshake } from '../check/handshake-facts.ts'
import type { HandshakeFacts } from '../check/handshake-facts.ts'
import type { FlowInfo } from '../model/flow.ts'
import type { Message } from '../model/message.ts'
import type { LineBytes } from './line-bytes.ts'
import type { MessageTest } from './message-filter.ts'

/** What dissectors may keep together where only evidence is wanted: some two thousand handshakes under way, each with its certificates. */
export const EVIDENCE_HELD_BYTES = 24 * 1024 * 1024

/** What crosses from a capture thread to the check: no details of messages but of handshakes, and the sizes of turns of ciphertext. */
export interface EvidenceLine { readonly flow: FlowInfo, readonly message: Message, readonly facts?: HandshakeFacts, readonly broken: number, readonly digest?: string, readonly chosen?: boolean }

/** Lines of one capture thread. */
export class EvidenceLines {
  readonly #certificates = new CertificateMemory()

  readonly #digests: boolean
  readonly #chooses: MessageTest | undefined
  readonly #chosen = new ChosenEdges()

  /**
   * @param digests of what is decrypted or read on a loopback
   * @param chooses the first message of an edge that it lets through is marked
   */
  constructor(digests = false, chooses?: MessageTest) {
    this.#digests = digests
    this.#chooses = chooses
  }

  add(lines: LineBytes, flow: FlowInfo, m: Message, broken = 0): void {
    const digest = this.#digests && (m.decrypted === true || flow.hop === 'clear') ? contentDigest(m) : undefined
    addLine(lines, flow, m, readHandshake(m, this.#certificates), broken, digest, this.#isChosen(flow, m))
  }

  #isChosen(flow: FlowInfo, m: Message): boolean {
    if (this.#chooses === undefined || this.#chosen.has(flow) || !this.#chooses(flow, m)) return false
    this.#chosen.add(flow)
    return true
  }
}

function addLine(lines: LineBytes, flow: FlowInfo, m: Message, facts: HandshakeFacts | undefined, broken: number, digest: string | undefined, chosen: boolean): void {
  const { protocol, atMicros, elapsedMicros, what, status, outcome, decrypted, complete, notes } = m
  const sizes = protocol === 'tls' && facts === undefined ? { request: m.request, response: m.response } : {}
  lines.line(JSON.stringify({ flow, message: { protocol, atMicros, elapsedMicros, what, status, outcome, decrypted, complete, notes, ...sizes }, facts, broken, digest, ...(chosen && { chosen }) }))
}
