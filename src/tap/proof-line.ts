import { jsonText } from '../base/json-text.ts'
import { CertificateMemory } from '../check/certificate-memory.ts'
import type { ChainFacts, HandshakeFacts } from '../check/handshake-facts.ts'
import { readHandshake } from '../check/handshake-facts.ts'
import type { FlowInfo } from '../model/flow.ts'
import type { Message } from '../model/message.ts'
import { JsonLines, jsonLine } from './json-line.ts'
import type { LineBytes } from './line-bytes.ts'

/**
 * The member `proof` of the record of a TLS message in a store: what a verdict needs and the record does not have, first of all whether the signatures were good.
 * Certificates stand in the record itself.
 */
export interface RecordProof {
  /** Of a handshake; its chains have their length only. */
  readonly facts?: HandshakeFacts
  /** How often peer bytes of the connection broke TLS so far. */
  readonly broken?: number
}

/** Lines as JsonLines makes them, with the proof of what is about TLS. For settings with `signatures`. */
export class ProofLines {
  readonly #certificates = new CertificateMemory()
  readonly #json = new JsonLines()

  add(lines: LineBytes, flow: FlowInfo, m: Message, broken = 0): void {
    const proof = m.protocol === 'tls' ? this.#proofOf(m, broken) : undefined
    if (proof === undefined) this.#json.add(lines, flow, m)
    else lines.line(`${jsonLine(flow, m).slice(0, -1)},"proof":${jsonText(proof)}}`)
  }

  #proofOf(m: Message, broken: number): RecordProof | undefined {
    const facts = readHandshake(m, this.#certificates)
    if (facts === undefined && broken === 0) return undefined
    return {
      ...(facts !== undefined && { facts: { ...facts, notes: [], server: lengthOf(facts.server), client: lengthOf(facts.client) } }),
      ...(broken > 0 && { broken }),
    }
  }
}

function lengthOf(chain: ChainFacts | undefined): ChainFacts | undefined {
  return chain && { length: chain.length }
}
