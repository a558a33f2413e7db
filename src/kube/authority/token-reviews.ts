import { createHash } from 'node:crypto'
import { MtlscopeError } from '../../base/errors.ts'
import type { MetricsPage } from '../../base/metrics-page.ts'
import type { Caller, Callers } from '../../identity/authority/callers.ts'
import { parseTokenClaims } from '../../identity/token-claims.ts'
import type { KubeClient } from '../client.ts'
import type { AccountNaming } from './account-names.ts'
import { namesOfAccount } from './account-names.ts'
import { parseReview } from './review-answer.ts'

const PATH = '/apis/authentication.k8s.io/v1/tokenreviews'
/** So long a token that was good is taken for good: longer than a retry, shorter than it takes to notice that a pod is gone. */
const CACHE_MILLIS = 10_000
const MAX_CACHED = 4096
/** Questions on their way; who comes when there are so many has to come again. */
const MAX_REVIEWS = 64

export interface TokenReviewsOptions {
  readonly client: KubeClient
  readonly audience: string
  readonly naming: AccountNaming
}

interface Known { readonly caller: Caller, readonly untilMillis: number }

/** Callers by the service account tokens of their pods, as the API server judges them. */
export class TokenReviews implements Callers {
  readonly #options: TokenReviewsOptions
  /** By the SHA-256 of the token; the oldest first. */
  readonly #known = new Map<string, Known>()
  readonly #reviews = new Map<string, Promise<Caller | string>>()
  readonly #counts = { good: 0, refused: 0, failed: 0, remembered: 0 }

  constructor(options: TokenReviewsOptions) {
    this.#options = options
  }

  /** Throws 'kube-unreachable', 'kube-refused' (the CA may not make TokenReviews), 'kube-failed', and 'ca-busy' where too many are asked for. */
  async find(token: string, nowMillis: number): Promise<Caller | string> {
    const objection = this.#objection(token, nowMillis)
    if (objection !== undefined) return objection
    const key = createHash('sha256').update(token).digest('base64')
    const known = this.#known.get(key)
    if (known !== undefined && nowMillis < known.untilMillis) {
      this.#counts.remembered++
      return known.caller
    }
    const running = this.#reviews.get(key)
    if (running !== undefined) return await running
    if (this.#reviews.size >= MAX_REVIEWS) throw new MtlscopeError('ca-busy', 'too many tokens are looked at already')
    const review = this.#counted(this.#review(token, key, nowMillis)).finally(() => this.#reviews.delete(key))
    this.#reviews.set(key, review)
    return await review
  }

  /** The API server is asked when somebody comes. */
  async check(): Promise<void> {}

  addMetrics(page: MetricsPage): void {
    page.counter('mtlscope_ca_token_reviews_total', 'Tokens that the API server was asked about, and those that were known from a moment ago.', Object.entries(this.#counts).map(([outcome, value]) => [{ outcome }, value]))
  }

  async #counted(review: Promise<Caller | string>): Promise<Caller | string> {
    try {
      const caller = await review
      this.#counts[typeof caller === 'string' ? 'refused' : 'good']++
      return caller
    } catch (error) {
      this.#counts.failed++
      throw error
    }
  }

  /** Proves nothing: it keeps from the API server what it would refuse anyway. */
  #objection(token: string, nowMillis: number): string | undefined {
    const claims = parseTokenClaims(token)
    if (claims === undefined) return 'not a token of a service account'
    if (!claims.audiences.includes(this.#options.audience)) return `the token is not for the audience ${this.#options.audience}`
    return claims.expiresAtMillis !== undefined && nowMillis >= claims.expiresAtMillis ? 'the token has expired' : undefined
  }

  async #review(token: string, key: string, nowMillis: number): Promise<Caller | string> {
    const { client, audience, naming } = this.#options
    const body = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenReview', spec: { token, audiences: [audience] } }
    const reviewed = parseReview(await client.post(PATH, body), audience)
    if (typeof reviewed === 'string') return reviewed
    const { account, pod } = reviewed
    const caller: Caller = { id: pod ?? `${account.namespace}/${account.name} ${key.slice(0, 8)}`, ...namesOfAccount(account, naming) }
    this.#remember(key, { caller, untilMillis: nowMillis + CACHE_MILLIS })
    return caller
  }

  #remember(key: string, known: Known): void {
    this.#known.delete(key)
    if (this.#known.size >= MAX_CACHED) this.#known.delete(this.#known.keys().next().value!)
    this.#known.set(key, known)
  }
}
