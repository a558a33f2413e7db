import type { AuditSink } from './audit.ts'
import type { CaState } from './state.ts'

export type CertificateKind = 'root' | 'intermediate'

/**
 * Where a CA keeps what it is: keys and certificates that are written once under new names, and the state, which names those that count and is replaced
 * in one step, last. Whatever interrupts a change leaves the CA before it or after it. Everything throws 'ca-state' for what is missing or damaged.
 */
export interface CaStore {
  /** For people: a folder, or `secret NAMESPACE/NAME`. */
  readonly path: string
  /** What commands name it by: `--dir ca`. */
  readonly option: string
  readonly audit: AuditSink
  /** Makes the place, where it is not there. Throws 'cannot-write'. */
  create(): Promise<void>
  /** Whoever changes the state does it within: one at a time among all processes. Where another one was faster, `run` may be run again. */
  exclusively<T>(run: () => Promise<T>): Promise<T>
  /** Differs whenever the state was replaced; '' where there is none. Cheap enough to ask at each request. */
  stamp(): Promise<string>
  readState(): Promise<CaState>
  hasState(): Promise<boolean>
  /** `first`: the state of a new CA, which never replaces another one. */
  writeState(state: CaState, first?: boolean): Promise<void>
  writePair(kind: CertificateKind, id: string, keyPem: string, certificatePem: string): Promise<void>
  readCertificate(kind: CertificateKind, id: string): Promise<string>
  readKey(kind: CertificateKind, id: string): Promise<string>
  hasKey(kind: CertificateKind, id: string): Promise<boolean>
  /** No error where there is none. */
  removeKey(kind: CertificateKind, id: string): Promise<void>
  /** What `state` does not count on: left by something that was interrupted. */
  leftovers(state: CaState): Promise<string[]>
  /** For people. */
  keyPath(kind: CertificateKind, id: string): string
  certificatePath(kind: CertificateKind, id: string): string
}
