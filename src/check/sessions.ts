import { BoundedMap } from '../base/bounded-map.ts'
import type { FlowInfo } from '../model/flow.ts'
import type { HandshakeFacts } from './handshake-facts.ts'
import type { Judgement } from './judge-handshake.ts'
import type { Verdict } from './verdict.ts'

const MAX_SESSIONS = 50_000
const MAX_PEERS = 50_000

/** What the full handshakes of one client with one server, under one name, had in common; 'various' where they differ. */
type Common = Verdict | 'various'

/**
 * What resumed connections inherit. Before TLS 1.3 a session has a number or a ticket that is seen when it is opened and when it is resumed.
 * Under TLS 1.3 the ticket is encrypted when it is given, so no more than an inference from the earlier handshakes of the same two is possible.
 */
export class Sessions {
  readonly #sessions = new BoundedMap<string, Judgement>(MAX_SESSIONS)
  readonly #peers = new BoundedMap<string, Common>(MAX_PEERS)

  /** The judgement of a handshake, with what it inherits where it resumes. */
  settle(judgement: Judgement, facts: HandshakeFacts, flow: FlowInfo): Judgement {
    const settled = judgement.resumes === true ? this.#inherit(judgement, facts, flow) : judgement
    if (settled.resumes === undefined) this.#learnPeer(settled, facts, flow)
    if (settled.verdict !== 'unknown') for (const session of facts.sessions) this.#sessions.set(session, settled)
    return settled
  }

  #inherit(judgement: Judgement, facts: HandshakeFacts, flow: FlowInfo): Judgement {
    return facts.tls13 ? this.#inheritLikely(judgement, facts, flow) : this.#inheritKnown(judgement, facts)
  }

  #inheritKnown(judgement: Judgement, facts: HandshakeFacts): Judgement {
    for (const session of facts.offeredSessions) {
      const first = this.#sessions.get(session)
      if (first === undefined) continue
      return { ...judgement, verdict: first.verdict, forProof: first.forProof, because: `it resumes a session of this capture, of whose handshake holds: ${first.because.replace(RESUMED, '')}` }
    }
    return judgement
  }

  #inheritLikely(judgement: Judgement, facts: HandshakeFacts, flow: FlowInfo): Judgement {
    const common = this.#peers.get(peerKey(facts, flow))
    if (common === 'mtls' || common === 'mtls (inferred)') {
      return {
        ...judgement, verdict: 'mtls (inferred)', forProof: 'a key log of either side (--keylog) or an active probe of the server (--probe)',
        because: 'it resumes a session (PSK), and the full handshakes of the same client with this server all had a client certificate',
      }
    }
    if (common !== 'tls') return judgement
    return { ...judgement, verdict: 'tls', because: 'it resumes a session (PSK), and the full handshakes of the same client with this server all had no client certificate' }
  }

  #learnPeer({ verdict }: Judgement, facts: HandshakeFacts, flow: FlowInfo): void {
    if (!facts.tls13) return
    const key = peerKey(facts, flow)
    const before = this.#peers.get(key)
    const isMutual = verdict === 'mtls' || verdict === 'mtls (inferred)'
    const same = before === undefined || before === verdict || (isMutual && (before === 'mtls' || before === 'mtls (inferred)'))
    this.#peers.set(key, same ? verdict : 'various')
  }
}

const RESUMED = 'it resumes a session of this capture, of whose handshake holds: '

function peerKey({ sni = '' }: HandshakeFacts, { client, server }: FlowInfo): string {
  return `${client.ip} ${server.ip} ${server.port} ${sni}`
}
