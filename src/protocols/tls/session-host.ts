import type { AeadOpener } from '../../base/record-crypto.ts'
import type { Side } from '../../model/side.ts'
import type { Micros } from '../../model/time.ts'
import type { Nested } from '../protocol.ts'
import type { SecretSource } from '../secret-source.ts'
import type { Handshake } from './handshake.ts'
import type { SuiteCipher } from './suite-cipher.ts'
import type { Traffic } from './traffic.ts'

/** What decryption needs of the connection whose records it reads. */
export interface DecryptionOwner {
  /** Facts of the handshake that is not reported yet. */
  readonly handshake: Handshake | undefined
  readonly traffic: readonly [Traffic, Traffic]
  /** A record as it is without decryption. True: its payload is wanted. */
  plainRecord(side: Side, type: number, version: number, length: number, at: Micros): boolean
  plainPayload(side: Side, type: number, bytes: Uint8Array, from: number, to: number, last: boolean, at: Micros): void
  plainGap(side: Side, bytes: number): void
  plainEnd(side: Side, at: Micros): void
  alert(side: Side, level: number, description: number, at: Micros): void
  /** Both Finished were read, or what follows shows that they were lost: the handshake is reported. */
  handshakeOver(at: Micros): void
  renegotiate(facts: Handshake): void
  /** Counts a record of application data. */
  application(side: Side, sizeBytes: number, at: Micros): void
  /** Where the decrypted bytes go. Undefined where it is nested too deeply. */
  nested(alpn: string | undefined): Nested | undefined
  malformed(side: Side, what: string): void
}

/** What the decryption of a version has around it. */
export interface SessionHost {
  readonly owner: DecryptionOwner
  readonly secrets: SecretSource
  /** False once nothing may wait for secrets any more. */
  readonly patient: boolean
  /** The record goes the way of those that nobody can read. */
  plain(side: Side, type: number, version: number, bytes: Uint8Array, from: number, to: number, at: Micros): void
  /** Everything from here on goes that way, for the reason that is given. */
  turnOff(note: string): void
  note(text: string): void
  /** Application data: bytes[from, to), borrowed until return. */
  data(side: Side, bytes: Uint8Array, from: number, to: number, at: Micros): void
  /** Application data that was sent and cannot be had. */
  missing(side: Side, bytes: number, at: Micros): void
  /** The side has said that it sends no more. */
  closed(side: Side, at: Micros): void
}

/** What is known of the decryption of one side. */
export class SideProgress {
  opened = 0
  /** Records in a row that did not open. */
  failed = 0
  /** Too many did not open: they are not tried any more. */
  dead = false
}

export const NO_SECRETS = 'not decrypted: the key log has no secrets of this connection'
export const WRONG_SECRETS = 'not decrypted: the secrets of the key log do not fit, authentication failed'

/** What the machine has for the suite that is quicker than node:crypto, to which it leaves CCM: asked until there is something. */
export function aeadOpener(secrets: SecretSource, suite: SuiteCipher, key: Uint8Array): (() => AeadOpener | undefined) | undefined {
  return suite.kind === 'ccm' ? undefined : () => secrets.crypto?.aead(suite.cipher, key)
}
