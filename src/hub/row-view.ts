import type { MessageRow, WireVerdict } from '../model/api.ts'
import type { Store, StoredRow } from '../store/store.ts'
import { HandshakeVerdicts } from './handshake-verdicts.ts'

/** Rows as the API shows them: with what the handshake of their connection says. */
export class RowViews {
  readonly #handshakes: HandshakeVerdicts

  constructor(store: Store) {
    this.#handshakes = new HandshakeVerdicts(store)
  }

  async rows(stored: readonly StoredRow[]): Promise<MessageRow[]> {
    const verdicts = await this.verdicts(stored.map((row) => row.handshake).filter((id) => id !== undefined))
    return stored.map((row) => viewOf(row, verdicts))
  }

  /** Verdicts of handshakes, by message; those that are gone are not in it. */
  async verdicts(handshakes: readonly number[]): Promise<ReadonlyMap<number, WireVerdict>> {
    return await this.#handshakes.of(handshakes)
  }
}

function viewOf({ flowId: _flow, handshake, ...row }: StoredRow, verdicts: ReadonlyMap<number, WireVerdict>): MessageRow {
  return { ...row, verdict: verdictOf(row, handshake === undefined ? undefined : verdicts.get(handshake)) }
}

function verdictOf(row: Omit<StoredRow, 'flowId' | 'handshake'>, tls: WireVerdict | undefined): WireVerdict {
  if (row.protocol === 'tls' || row.decrypted === true) return tls ?? 'tls'
  if (row.hop === 'clear') return 'clear'
  return row.protocol === 'tcp' || row.protocol === 'udp' ? 'unknown' : 'plaintext'
}
