import type { JsonRecord, MessageRow, WireVerdict } from '../model/api.ts'
import type { ClientProof } from '../mesh/joined-request.ts'
import { tlsFacts, tlsKind } from '../mesh/tls-facts.ts'
import { asMessage } from './record-message.ts'
import type { Store, StoredRow } from '../store/store.ts'

const MAX_KNOWN = 50_000
const VERDICTS: Record<ClientProof, WireVerdict> = { certificate: 'mtls-seen', inferred: 'mtls-inferred', none: 'tls-one-way', unknown: 'tls' }

/** Rows as the API shows them: with what the handshake of their connection says. */
export class RowViews {
  readonly #store: Store
  readonly #verdicts = new Map<number, WireVerdict>()

  constructor(store: Store) {
    this.#store = store
  }

  async rows(stored: readonly StoredRow[]): Promise<MessageRow[]> {
    await this.#learn(stored)
    return stored.map((row) => this.#view(row))
  }

  /** Verdicts of the handshakes that are asked for; those that are gone are not in it. */
  async verdicts(handshakes: readonly number[]): Promise<ReadonlyMap<number, WireVerdict>> {
    const unknown = [...new Set(handshakes)].filter((id) => !this.#verdicts.has(id))
    if (unknown.length > 0) {
      if (this.#verdicts.size > MAX_KNOWN) this.#verdicts.clear()
      for (const { row, line } of await this.#store.records(unknown)) this.#verdicts.set(row.id, verdictOf(JSON.parse(line) as JsonRecord))
    }
    return this.#verdicts
  }

  async #learn(rows: readonly StoredRow[]): Promise<void> {
    await this.verdicts(rows.map((row) => row.handshake).filter((id) => id !== undefined))
  }

  #view({ flowId: _flow, handshake, ...row }: StoredRow): MessageRow {
    return { ...row, verdict: this.#verdict(row, handshake) }
  }

  #verdict(row: Omit<StoredRow, 'flowId' | 'handshake'>, handshake: number | undefined): WireVerdict {
    const tls = handshake === undefined ? undefined : this.#verdicts.get(handshake)
    if (row.protocol === 'tls' || row.decrypted === true) return tls ?? 'tls'
    if (row.hop === 'clear') return 'clear'
    return row.protocol === 'tcp' || row.protocol === 'udp' ? 'unknown' : 'plaintext'
  }
}

/** What a record with a TLS handshake proves of its connection. */
export function verdictOf(record: JsonRecord): WireVerdict {
  const message = asMessage(record)
  return tlsKind(message) === 'handshake' && record.outcome !== 'client-error' && record.outcome !== 'server-error' ? VERDICTS[tlsFacts(message).clientProof] : 'unknown'
}
