import { MtlscopeError } from '../base/errors.ts'
import { FileWatch } from '../base/file-watch.ts'
import { fetchIdentity } from './ca-client.ts'
import { readPem } from './identity-files.ts'
import type { IdentityEvents, IdentitySource } from './identity-source.ts'
import { checkIdentity, parseCertificates } from './material.ts'
import type { Identity } from './material.ts'
import { retryAfterMs } from './retry.ts'
import { spiffeIdOfToken } from './token-identity.ts'

export interface CaPlace {
  /** `host:port`. */
  readonly address: string
  /** PEM file that the CA's own certificate is verified with. When it changes, a new certificate is asked for: it may be the time of another root. */
  readonly bundleFile: string
  /** Read each time: tokens of Kubernetes live an hour. */
  readonly tokenFile: string
  /** Left out: that of the service account whose token it is. */
  readonly spiffeId?: string
  /** How long at most a changed bundle file is waited with, by chance; 5 s where left out. */
  readonly spreadMs?: number
}

const MAX_TIMER_MS = 2 ** 31 - 1
/** All workloads of a cluster see a new bundle within a minute; they need not ask in the same second, too. */
const DEFAULT_SPREAD_MS = 5000

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
  readonly #watch: FileWatch
  #bundlePem: string | undefined
  /** What the bundle's file held when it was read last. */
  #fileText: string | undefined
  #hasOne = false
  #failures = 0
  #timer: NodeJS.Timeout | undefined
  #asking = false
  #again = false
  #closed = false

  constructor(place: CaPlace, events: IdentityEvents) {
    this.#place = place
    this.#events = events
    this.first = new Promise((resolve, reject) => { this.#deliverFirst = resolve; this.#failFirst = reject })
    this.first.catch(() => {})
    this.#watch = new FileWatch([place.bundleFile], () => void this.#bundleChanged())
    void this.#ask()
  }

  /** What is being asked already may have been asked with what was there before. */
  refresh(): void {
    if (this.#asking) this.#again = true
    else void this.#ask()
  }

  close(): void {
    this.#closed = true
    this.#watch.close()
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
    if (!this.#again) return
    this.#again = false
    await this.#ask()
  }

  async #fetch(): Promise<number> {
    const { address, bundleFile, tokenFile, spiffeId } = this.#place
    // What was fetched last knows of a root that has been replaced since; the file, of one that was put there by hand.
    const last = this.#bundlePem
    const file = last === undefined ? await readPem(bundleFile) : await readPem(bundleFile).catch(() => '')
    this.#fileText = file
    const bundlePem = last === undefined ? file : `${last}\n${file}`
    parseCertificates(bundlePem, `the bundle ${bundleFile}`)
    const token = await readToken(tokenFile)
    const fetched = await fetchIdentity({ address, bundlePem, token, spiffeId: spiffeId ?? spiffeIdOfToken(token, bundlePem) })
    const { keyPem, chainPem } = fetched
    const identity = checkIdentity({ keyPem, chainPem, bundlePem: fetched.bundlePem }, Date.now())
    this.#bundlePem = fetched.bundlePem
    if (!this.#closed && this.#hasOne) this.#events.changed(identity)
    this.#hasOne = true
    this.#deliverFirst(identity)
    return fetched.renewAtMillis
  }

  /** The kubelet writes all files of a volume anew when one of them, the token, is. */
  async #bundleChanged(): Promise<void> {
    const text = await readPem(this.#place.bundleFile).catch(() => undefined)
    if (text === undefined || text === this.#fileText || !this.#hasOne) return
    this.#fileText = text
    this.#later(Math.random() * (this.#place.spreadMs ?? DEFAULT_SPREAD_MS))
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
    clearTimeout(this.#timer)
    if (!this.#closed) this.#timer = setTimeout(() => void this.#ask(), Math.min(Math.max(delayMs, 1000), MAX_TIMER_MS))
  }
}

/** Anything else could not be sent (RFC 6750 §2.1, RFC 9110 §5.5). */
async function readToken(path: string): Promise<string> {
  const token = (await readPem(path)).trim()
  if (/^[\x21-\x7e]+$/.test(token)) return token
  throw new MtlscopeError('bad-identity', `${path} holds no token`, { hint: 'one line, as mtlscope ca token add prints it', facts: { path } })
}
