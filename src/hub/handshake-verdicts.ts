import { BoundedMap } from '../base/bounded-map.ts'
import type { JsonRecord, WireVerdict } from '../model/api.ts'
import type { Message } from '../model/message.ts'
import type { Micros } from '../model/time.ts'
import type { ClientProof } from '../mesh/joined-request.ts'
import { SessionMemory, sessionEnds } from '../mesh/session-memory.ts'
import type { TlsFacts } from '../mesh/tls-facts.ts'
import { tlsFacts, tlsKind } from '../mesh/tls-facts.ts'
import type { Store, StoredRecord } from '../store/store.ts'
import { asMessage } from './record-message.ts'

const MAX_KNOWN = 50_000
/** Clients and servers of which earlier handshakes were looked for, and how many of them are looked at. */
const MAX_ASKED = 4096
const MAX_EARLIER = 200
/** At once; more are answered when they are asked for again. */
const MAX_SEARCHES = 20
/** What is known of a client makes the verdict of its connection. */
export const VERDICT_OF_PROOF: Readonly<Record<ClientProof, WireVerdict>> = { certificate: 'mtls-seen', inferred: 'mtls-inferred', none: 'tls-one-way', unknown: 'tls' }

interface Handshake { readonly id: number, readonly atMicros: Micros, readonly record: JsonRecord, readonly message: Message, readonly facts: TlsFacts }

/** What stored handshakes say of their connections; one that resumes a session says what the full ones of the same two ends said before. */
export class HandshakeVerdicts {
  readonly #store: Store
  readonly #verdicts = new Map<number, WireVerdict>()
  readonly #sessions = new SessionMemory()
  /** By ends: no resumed handshake up to that time is worth another search. */
  readonly #asked = new BoundedMap<string, number>(MAX_ASKED)

  constructor(store: Store) {
    this.#store = store
  }

  /** By message. Those that are gone are not in it. */
  async of(ids: readonly number[]): Promise<ReadonlyMap<number, WireVerdict>> {
    const unknown = [...new Set(ids)].filter((id) => !this.#verdicts.has(id))
    if (unknown.length === 0) return this.#verdicts
    if (this.#verdicts.size > MAX_KNOWN) this.#verdicts.clear()
    let searches = MAX_SEARCHES
    for (const handshake of inOrder(await this.#store.records(unknown))) {
      const isSettled = this.#learn(handshake) || !this.#isWorthASearch(handshake)
      if (!isSettled && searches-- > 0) {
        await this.#search(handshake)
        this.#learn(handshake)
      } else if (!isSettled) this.#verdicts.delete(handshake.id)
    }
    return this.#verdicts
  }

  /** Whether it says for itself, or by what is known already, who its client is. */
  #learn({ id, record, message, facts }: Handshake): boolean {
    const isWhole = record.outcome !== 'client-error' && record.outcome !== 'server-error' && tlsKind(message) === 'handshake'
    const { clientProof } = isWhole ? this.#sessions.learn(sessionEnds(record), facts) : facts
    this.#verdicts.set(id, isWhole ? VERDICT_OF_PROOF[clientProof] : 'unknown')
    return !isWhole || facts.resumed !== true || clientProof !== 'unknown'
  }

  #isWorthASearch({ record, atMicros }: Handshake): boolean {
    const asked = this.#asked.get(sessionEnds(record))
    return asked === undefined || asked < atMicros
  }

  async #search({ record, atMicros: to }: Handshake): Promise<void> {
    const { client, server } = record
    this.#asked.set(sessionEnds(record), to)
    const q = `tlsx && src.ip == ${JSON.stringify(client.ip)} && dst.ip == ${JSON.stringify(server.ip)} && dst.port == ${server.port}`
    for (const earlier of inOrder((await this.#store.batch({ q, to }, undefined, MAX_EARLIER)).records)) if (earlier.facts.resumed === false) this.#learn(earlier)
  }
}

function inOrder(stored: readonly StoredRecord[]): Handshake[] {
  return stored.map(({ row, line }) => {
    const record = JSON.parse(line) as JsonRecord
    const message = asMessage(record)
    return { id: row.id, atMicros: row.atMicros, record, message, facts: tlsFacts(message) }
  }).sort((a, b) => a.atMicros - b.atMicros)
}
