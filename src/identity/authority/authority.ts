import { MtlscopeError } from '../../base/errors.ts'
import type { CaStore } from './ca-store.ts'
import { dropOldRoot, renewIntermediate } from './changes.ts'
import type { Issuer } from './issuer.ts'
import { openIssuer } from './issuer.ts'
import { planUpkeep } from './rotation.ts'
import { activeRoot } from './state.ts'

/** Upkeep that failed (a root key kept elsewhere, a folder that is read-only) is tried again, and told again, only after this. */
const UPKEEP_RETRY_MILLIS = 3_600_000

const MAX_LOOKS = 5

export interface AuthorityOptions {
  readonly store: CaStore
  /** Named in the audit log: `serve`, `uid 0`. */
  readonly by: string
  /** Something is wrong, and issuing goes on. */
  warn(text: string): void
}

/** The issuer of a store as it is now: follows the state, renews the intermediate and drops an old root when that is due. */
export class Authority {
  readonly #options: AuthorityOptions
  #issuer: Issuer | undefined
  #stamp = ''
  #retryAtMillis = 0
  /** Requests that come together wait for one look at the files. */
  #last: Promise<unknown> = Promise.resolve()

  constructor(options: AuthorityOptions) {
    this.#options = options
  }

  /** Throws 'ca-state' or 'cannot-read' only where there never was an issuer; one that works outlives a damaged file. */
  async current(nowMillis: number): Promise<Issuer> {
    const mine = this.#last.then(() => this.#look(nowMillis))
    this.#last = mine.catch(() => {})
    return await mine
  }

  async #look(nowMillis: number): Promise<Issuer> {
    const issuer = await this.#follow()
    if (nowMillis < this.#retryAtMillis || !await this.#keepUp(issuer, nowMillis)) return issuer
    return await this.#follow()
  }

  async #follow(): Promise<Issuer> {
    const { store, warn } = this.#options
    const stamp = await store.stamp()
    if (this.#issuer !== undefined && stamp === this.#stamp) return this.#issuer
    try {
      this.#issuer = await openCurrent(store)
    } catch (error) {
      if (this.#issuer === undefined || !(error instanceof MtlscopeError)) throw error
      warn(`${error.message}; what was read before stays in force`)
    }
    this.#stamp = stamp
    return this.#issuer
  }

  /** Whether something changed. */
  async #keepUp(issuer: Issuer, nowMillis: number): Promise<boolean> {
    const { store, by, warn } = this.#options
    const due = planUpkeep(issuer.state, issuer, nowMillis)
    if (!due.dropOld && !due.renewIntermediate) return false
    try {
      if (due.dropOld) await dropOldRoot(store, { by, nowMillis })
      if (due.renewIntermediate) await renewIntermediate(store, activeRoot(issuer.state).intermediateId, { by, nowMillis })
      return true
    } catch (error) {
      if (!(error instanceof MtlscopeError)) throw error
      this.#retryAtMillis = nowMillis + UPKEEP_RETRY_MILLIS
      warn(`${due.renewIntermediate ? 'the intermediate is not renewed' : 'the old root is not dropped'}: ${error.message}`)
      return false
    }
  }
}

/** Between reading the state and what it names another process may have replaced both: then a further look fits. */
async function openCurrent(store: CaStore): Promise<Issuer> {
  for (let look = 1; ; look++) {
    const before = await store.stamp()
    try {
      return await openIssuer(store, await store.readState())
    } catch (error) {
      if (look === MAX_LOOKS || await store.stamp() === before) throw error
    }
  }
}
