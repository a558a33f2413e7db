import { isIP } from 'node:net'
import { isPermitted } from '../certificate-names.ts'
import { exportKeyPem, generateKeys } from '../certificate-profile.ts'
import { authoritySpiffeId } from '../certificate-names.ts'
import { renewAtMillis } from '../lifetime.ts'
import type { AuditSink } from './audit.ts'
import type { Authority } from './authority.ts'
import { issuedEntry } from './sign-service.ts'
import type { CaState } from './state.ts'

export interface ServerNames { readonly dnsNames: readonly string[], readonly ipAddresses: readonly string[] }

/** What a client may dial: the names it was told, and the address it listens on unless that is all of them. */
export function planServerNames(host: string, told: readonly string[], dnsDomains: readonly string[]): ServerNames {
  const all = [...told, ...host === '0.0.0.0' || host === '::' ? [] : [host]]
  const isLoopback = host === '::1' || host === 'localhost' || host.startsWith('127.')
  if (isLoopback && isPermitted('localhost', dnsDomains)) all.push('localhost')
  const unique = [...new Set(all)]
  return { dnsNames: unique.filter((name) => isIP(name) === 0), ipAddresses: unique.filter((name) => isIP(name) !== 0) }
}

export interface KeyAndChain { readonly key: string, readonly cert: string }

/** The certificate of the server itself, from the CA it serves; its key never leaves the process. */
export class ServerCertificate {
  readonly #names: ServerNames
  readonly #ttlMillis: number
  readonly #audit: AuditSink
  #renewAtMillis = 0
  #notAfterMillis = 0
  #state: CaState | undefined

  constructor(names: ServerNames, ttlMillis: number, audit: AuditSink) {
    this.#names = names
    this.#ttlMillis = ttlMillis
    this.#audit = audit
  }

  /** Of the newest; 0 before there is one. */
  get notAfterMillis(): number { return this.#notAfterMillis }

  /** A new one where one is due: at two thirds of its life, or when the CA changed. Undefined otherwise. */
  async renew(authority: Authority, nowMillis: number): Promise<KeyAndChain | undefined> {
    const issuer = await authority.current(nowMillis)
    if (nowMillis < this.#renewAtMillis && issuer.state === this.#state) return undefined
    const keys = await generateKeys(true)
    const ttlMillis = Math.min(this.#ttlMillis, issuer.state.maxTtlMillis)
    const leaf = await issuer.issueOwn({ ...this.#names, publicKey: keys.publicKey, ttlMillis, nowMillis })
    const names = { spiffeId: authoritySpiffeId(issuer.state.trustDomain), ...this.#names }
    await this.#audit.append(issuedEntry({ by: 'serve', reason: 'certificate of the server' }, names, leaf), nowMillis)
    this.#state = issuer.state
    this.#notAfterMillis = leaf.notAfterMillis
    this.#renewAtMillis = renewAtMillis(leaf.notBeforeMillis, leaf.notAfterMillis)
    return { key: await exportKeyPem(keys.privateKey), cert: leaf.chainPem }
  }
}
