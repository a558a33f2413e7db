import type { RecordCrypto } from '../base/record-crypto.ts'

/** Labels of a key log that lead to plaintext (draft-ietf-tls-keylogfile §2). */
export type SecretLabel =
  | 'CLIENT_RANDOM'
  | 'CLIENT_EARLY_TRAFFIC_SECRET'
  | 'CLIENT_HANDSHAKE_TRAFFIC_SECRET'
  | 'SERVER_HANDSHAKE_TRAFFIC_SECRET'
  | 'CLIENT_TRAFFIC_SECRET_0'
  | 'SERVER_TRAFFIC_SECRET_0'

/** A connection that keeps its records back because their secrets are not known yet. */
export interface SecretWaiter {
  /** Capture time at which it began to wait. */
  readonly sinceMicros: number
  readonly waitingBytes: number
  /** More secrets arrived. */
  secretsCame(): void
  /** They will not come in time: go on without them. */
  giveUp(): void
}

/**
 * Secrets of TLS sessions, looked up by the random of the client. Handed in from above, where key logs are read.
 * What it returns must never be printed or stored elsewhere.
 */
export interface SecretSource {
  /** False where nobody expects secrets: then no connection waits for any. */
  readonly active: boolean
  /** `clientRandom`: 32 bytes. */
  find(label: SecretLabel, clientRandom: Uint8Array): Uint8Array | undefined
  /** Master secret of what the old format names otherwise: the session id, in hexadecimal. */
  findSession(sessionId: string): Uint8Array | undefined
  /** Premaster secret by the first 8 bytes of its encrypted form, in hexadecimal. */
  findPremaster(encryptedStart: string): Uint8Array | undefined
  /** Keeps a master secret for the connections that resume its session; `session` is any unique text. */
  remember(session: string, master: Uint8Array): void
  recall(session: string): Uint8Array | undefined
  /** From now on the waiter is told; each is told `giveUp` in the end, unless it stops before. */
  wait(waiter: SecretWaiter): void
  stop(waiter: SecretWaiter): void
  /** Undefined, or absent: node:crypto does it. */
  readonly crypto?: RecordCrypto | undefined
}
