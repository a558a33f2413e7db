import type { LeafNames } from '../certificate-names.ts'

/** Whom a bearer token stands for, and all names that its certificates get. */
export interface Caller extends LeafNames {
  /** For the audit log, and what its requests are counted by; never the secret. */
  readonly id: string
  readonly expiresAtMillis?: number
}

/** Who may have a certificate of `ca serve`. */
export interface Callers {
  /** The caller; else why it is nobody, as the end of a sentence. Throws MtlscopeError where that cannot be told now. */
  find(token: string, nowMillis: number): Promise<Caller | string>
  /** Throws where callers could not be told at all. */
  check(): Promise<void>
}
