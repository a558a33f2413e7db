import { MtlscopeError } from '../../base/errors.ts'
import type { LeafNames } from '../certificate-names.ts'
import { objectionToCsr, verifyCsr } from '../csr.ts'
import { renewAtMillis } from '../lifetime.ts'
import type { AuditEntry, AuditSink } from './audit.ts'
import type { Authority } from './authority.ts'
import type { Caller, Callers } from './callers.ts'
import type { IssuedLeaf } from './issuer.ts'
import { iso } from './issuer.ts'
import { RateLimit } from './rate-limit.ts'
import type { Answer } from './answer.ts'
import { jsonAnswer, refusal } from './answer.ts'
import { parseSignBody } from './sign-body.ts'

/** Lines of refused requests a minute; more are counted in the next line. Otherwise strangers could fill the disk. */
const REFUSALS_PER_MINUTE = 120
/** Callers whose requests are counted at a time. */
const MAX_CALLERS = 20_000
const BY = 'serve'

export interface SignServiceOptions {
  readonly authority: Authority
  readonly callers: Callers
  readonly audit: AuditSink
  /** Of each caller. */
  readonly requestsPerMinute: number
  /** Where a request names none; never more than the CA's longest. */
  readonly defaultTtlMillis: number
}

export interface SignRequest {
  /** Value of the header. */
  readonly authorization: string | undefined
  /** Address and port. */
  readonly remote: string
  /** Called only for a token that is known; undefined where the body is larger than the limit. */
  readBody(): Promise<string | undefined>
}

/** Decides who gets a certificate: the token says who asks, the request only which key. Every decision is in the audit log before it is answered. */
export class SignService {
  readonly #options: SignServiceOptions
  readonly #requests: RateLimit
  readonly #refusals = new RateLimit(REFUSALS_PER_MINUTE, REFUSALS_PER_MINUTE, 1)
  #unwritten = 0

  constructor(options: SignServiceOptions) {
    this.#options = options
    this.#requests = new RateLimit(options.requestsPerMinute, Math.max(1, Math.floor(options.requestsPerMinute / 2)), MAX_CALLERS)
  }

  /** Never rejects for what a client sent; a folder that cannot be read or written is answered with 503. */
  async sign(request: SignRequest, nowMillis: number): Promise<Answer> {
    try {
      return await this.#authenticate(request, nowMillis)
    } catch (error) {
      if (!(error instanceof MtlscopeError)) throw error
      return refusal(503, error.code, error.message)
    }
  }

  async #authenticate(request: SignRequest, nowMillis: number): Promise<Answer> {
    const { remote } = request
    const token = /^Bearer +(\S+) *$/i.exec(request.authorization ?? '')?.[1]
    const caller = token === undefined ? 'no bearer token' : await this.#options.callers.find(token, nowMillis)
    if (typeof caller === 'string') return await this.#refuse({ remote }, 401, caller, nowMillis)
    const who = { remote, tokenId: caller.id, spiffeId: caller.spiffeId }
    if (nowMillis >= (caller.expiresAtMillis ?? Infinity)) return await this.#refuse(who, 401, 'the token has expired', nowMillis)
    const waitMillis = this.#requests.take(caller.id, nowMillis)
    if (waitMillis > 0) {
      const answer = await this.#refuse(who, 429, 'too many requests with this token', nowMillis)
      return { ...answer, headers: { ...answer.headers, 'retry-after': String(Math.ceil(waitMillis / 1000)) } }
    }
    return await this.#signFor(caller, who, await request.readBody(), nowMillis)
  }

  async #signFor(caller: Caller, who: Partial<AuditEntry>, text: string | undefined, nowMillis: number): Promise<Answer> {
    if (text === undefined) return await this.#refuse(who, 413, 'the body is too large', nowMillis)
    const body = parseSignBody(text)
    if (typeof body === 'string') return await this.#refuse(who, 400, body, nowMillis)
    const reading = await verifyCsr(body.csr)
    if (!reading.ok) return await this.#refuse(who, 400, reading.why, nowMillis)
    const names: LeafNames = { spiffeId: caller.spiffeId, dnsNames: caller.dnsNames, ipAddresses: caller.ipAddresses }
    const objection = objectionToCsr(reading.csr, names)
    if (objection !== undefined) return await this.#refuse(who, 403, objection, nowMillis)
    try {
      const issuer = await this.#options.authority.current(nowMillis)
      const ttlMillis = body.ttlMillis ?? Math.min(this.#options.defaultTtlMillis, issuer.state.maxTtlMillis)
      const leaf = await issuer.issue({ names, publicKey: reading.csr.publicKey, ttlMillis, nowMillis })
      await this.#options.audit.append(issuedEntry({ ...who, by: BY }, names, leaf), nowMillis)
      return jsonAnswer(200, leafBody(names.spiffeId, leaf))
    } catch (error) {
      if (!(error instanceof MtlscopeError) || error.code !== 'ca-refused') throw error
      return await this.#refuse(who, 403, error.message.replace(/^not issued: /, ''), nowMillis)
    }
  }

  async #refuse(who: Partial<AuditEntry>, status: number, reason: string, nowMillis: number): Promise<Answer> {
    if (this.#refusals.take('', nowMillis) > 0) this.#unwritten++
    else {
      const unwritten = this.#unwritten
      this.#unwritten = 0
      await this.#options.audit.append({ event: 'refused', by: BY, ...who, reason, ...unwritten === 0 ? {} : { unwritten } }, nowMillis)
    }
    return refusal(status, 'ca-refused', reason)
  }
}

export function issuedEntry(who: Partial<AuditEntry> & { by: string }, names: LeafNames, leaf: IssuedLeaf): AuditEntry {
  return { event: 'issued', ...who, ...names, serial: leaf.serial, until: iso(leaf.notAfterMillis) }
}

function leafBody(spiffeId: string, leaf: IssuedLeaf): object {
  return {
    spiffeId, serial: leaf.serial, chain: leaf.chainPem, bundle: leaf.bundlePem,
    expiresAt: iso(leaf.notAfterMillis), renewAt: new Date(renewAtMillis(leaf.notBeforeMillis, leaf.notAfterMillis)).toISOString(),
  }
}
