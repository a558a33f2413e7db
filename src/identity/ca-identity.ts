import { MtlscopeError } from '../base/errors.ts'
import { fetchIdentity } from './ca-client.ts'
import { readPem } from './identity-files.ts'
import type { IdentityEvents, IdentitySource } from './identity-source.ts'
import { checkIdentity } from './material.ts'
import type { Identity } from './material.ts'
import { retryAfterMs } from './retry.ts'

export interface CaPlace {
  /** `host:port`. */
  readonly address: string
  /** PEM file that the CA's own certificate is verified with, the first time. */
  readonly bundleFile: string
  readonly tokenFile: string
  readonly spiffeId: string
}

const MAX_TIMER_MS = 2 ** 31 - 1

/** An identity of `mtlscope ca serve`, renewed at two thirds of its life. A CA that does not answer is asked again; one that refuses at first is not. */
export function openCaIdentity(place: CaPlace, events: IdentityEvents): IdentitySource {
  return new CaIdentity(place, events)
}

class CaIdentity implements IdentitySource {
  readonly first: Promise<Identity>
  readonly #place: CaPlace
  readonly #events: IdentityEvents
  #deliverFirst: (identity: Identity) => void = () => {}
  #failFirst: (error: Error) => void = () => {}
  #bundlePem: string | undefined
  #hasOne = false
  #failures = 0
  #timer: NodeJS.Timeout | undefined
  #asking = false
  #closed = false

  constructor(place: CaPlace, events: IdentityEvents) {
    this.#place = place
    this.#events = events
    this.first = new Promise((resolve, reject) => { this.#deliverFirst = resolve; this.#failFirst = reject })
    this.first.catch(() => {})
    void this.#ask()
  }

  refresh(): void {
    void this.#ask()
  }

  close(): void {
    this.#closed = true
    clearTimeout(this.#timer)
  }

  async #ask(): Promise<void> {
    if (this.#asking || this.#closed) return
    this.#asking = true
    clearTimeout(this.#timer)
    try {
      const renewAtMs = await this.#fetch()
      this.#failures = 0
      this.#later(renewAtMs - Date.now())
    } catch (error) {
      this.#failed(error as Error)
    } finally {
      this.#asking = false
    }
  }

  async #fetch(): Promise<number> {
    const { address, bundleFile, tokenFile, spiffeId } = this.#place
    // What was fetched last knows of a root that has been replaced since; the file, of one that was put there by hand.
    const last = this.#bundlePem
    const bundlePem = last === undefined ? await readPem(bundleFile) : `${last}\n${await readPem(bundleFile).catch(() => '')}`
    const fetched = await fetchIdentity({ address, bundlePem, token: (await readPem(tokenFile)).trim(), spiffeId })
    const { keyPem, chainPem } = fetched
    const identity = checkIdentity({ keyPem, chainPem, bundlePem: fetched.bundlePem }, Date.now())
    this.#bundlePem = fetched.bundlePem
    if (!this.#closed && this.#hasOne) this.#events.changed(identity)
    this.#hasOne = true
    this.#deliverFirst(identity)
    return fetched.renewAtMillis
  }

  #failed(error: Error): void {
    if (!(error instanceof MtlscopeError)) throw error
    if (this.#closed) return
    this.#failures++
    if (!this.#hasOne && error.code !== 'ca-unreachable') return this.#failFirst(error)
    this.#events.kept(error)
    this.#later(retryAfterMs(this.#failures))
  }

  /** Not unreferenced: while the first one is waited for, nothing else may keep the process alive. */
  #later(delayMs: number): void {
    if (!this.#closed) this.#timer = setTimeout(() => void this.#ask(), Math.min(Math.max(delayMs, 1000), MAX_TIMER_MS))
  }
}
