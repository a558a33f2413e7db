import type { MtlscopeError } from '../base/errors.ts'
import type { Identity } from './material.ts'

export interface IdentityEvents {
  /** Another identity than before, checked. The first one comes by `first` alone. */
  changed(identity: Identity): void
  /** What was offered or asked for could not be used; the one before goes on. */
  kept(error: MtlscopeError): void
}

/** Where a workload's identity comes from, followed for as long as it is open. */
export interface IdentitySource {
  /** Rejects where there is none at all: 'bad-identity', 'cannot-read', or what the source has to say. */
  readonly first: Promise<Identity>
  /** Looks again now, for those who do not want to wait. */
  refresh(): void
  close(): void
}
