import { BoundedMap } from '../base/bounded-map.ts'
import type { FlowInfo } from '../model/flow.ts'
import type { ClientProof } from './joined-request.ts'
import type { TlsFacts } from './tls-facts.ts'

const MAX_SESSIONS = 4096

/** Which client and which server, as SessionMemory takes them. */
export function sessionEnds({ client, server }: Pick<FlowInfo, 'client' | 'server'>): string {
  return `${client.ip} ${server.ip} ${server.port}`
}

/**
 * What full handshakes between two ends have shown, for those that resume a session: who the client is was settled then
 * (RFC 8446 §2.2, RFC 5246 §F.1.4). The session itself is not looked at, so more than an inference never comes of it,
 * and nothing where the full handshakes were not all alike.
 */
export class SessionMemory {
  readonly #shown = new BoundedMap<string, ClientProof>(MAX_SESSIONS)

  /** `ends`: of sessionEnds. Returns the facts, with the proof that was inherited where they have none. */
  learn(ends: string, facts: TlsFacts): TlsFacts {
    const key = `${ends} ${facts.sni ?? ''}`
    if (facts.resumed === true) return facts.clientProof === 'unknown' ? { ...facts, clientProof: inherited(this.#shown.get(key)) } : facts
    if (facts.resumed === false) this.#remember(key, facts.clientProof)
    return facts
  }

  #remember(key: string, proof: ClientProof): void {
    const known = this.#shown.get(key)
    this.#shown.set(key, known === undefined || known === proof ? proof : 'unknown')
  }
}

function inherited(proof: ClientProof | undefined): ClientProof {
  return proof === 'certificate' ? 'inferred' : proof ?? 'unknown'
}
