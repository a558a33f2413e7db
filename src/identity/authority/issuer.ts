import { MtlscopeError } from '../../base/errors.ts'
import type * as X509 from '@peculiar/x509'
import type { LeafNames, NameLimits } from '../certificate-names.ts'
import { authoritySpiffeId, objectionToHosts, objectionToNames } from '../certificate-names.ts'
import type { Signer } from '../certificate-profile.ts'
import { certificatePem, signLeaf } from '../certificate-profile.ts'
import { MIN_TTL_MILLIS, planLifetime } from '../lifetime.ts'
import type { CaStore } from './ca-store.ts'
import { readAuthorityCertificate, readSigner } from './generation.ts'
import type { CaState } from './state.ts'
import { activeRoot } from './state.ts'

export interface LeafRequest {
  readonly names: LeafNames
  readonly publicKey: X509.PublicKeyType
  readonly ttlMillis: number
  readonly nowMillis: number
}

export interface IssuedLeaf {
  /** Hexadecimal. */
  readonly serial: string
  /** Leaf first, then the intermediate; the root is in the bundle. */
  readonly chainPem: string
  readonly bundlePem: string
  readonly notBeforeMillis: number
  readonly notAfterMillis: number
}

/** An intermediate that signs leaves, as of one ca.json. */
export class Issuer {
  readonly state: CaState
  /** All roots that are trusted now, the active one first. */
  readonly bundlePem: string
  readonly #signer: Signer
  readonly #rootNotAfterMillis: number

  constructor(state: CaState, signer: Signer, roots: readonly X509.X509Certificate[]) {
    this.state = state
    this.#signer = signer
    this.bundlePem = roots.map(certificatePem).join('')
    // In the order of the state, which has the active one first.
    this.#rootNotAfterMillis = roots[0]?.notAfter.getTime() ?? 0
  }

  get limits(): NameLimits { return this.state }
  get notBeforeMillis(): number { return this.#signer.certificate.notBefore.getTime() }
  get rootNotAfterMillis(): number { return this.#rootNotAfterMillis }
  get notAfterMillis(): number { return this.#signer.certificate.notAfter.getTime() }

  /** Throws 'ca-refused' for names or a lifetime outside the limits, 'ca-state' where the intermediate is not valid now. */
  async issue(request: LeafRequest): Promise<IssuedLeaf> {
    refuseFor(objectionToNames(request.names, this.limits))
    return await this.#sign(request)
  }

  /** The certificate of `ca serve` itself, which no workload gets. */
  async issueOwn(request: Omit<LeafRequest, 'names'> & Pick<LeafNames, 'dnsNames' | 'ipAddresses'>): Promise<IssuedLeaf> {
    refuseFor(objectionToHosts(request, this.limits.dnsDomains))
    const { dnsNames, ipAddresses } = request
    return await this.#sign({ ...request, names: { spiffeId: authoritySpiffeId(this.state.trustDomain), dnsNames, ipAddresses } })
  }

  /** Throws 'ca-state'. */
  requireValid(nowMillis: number): void {
    if (nowMillis < this.notBeforeMillis) {
      throw new MtlscopeError('ca-state', `the intermediate is valid only from ${iso(this.notBeforeMillis)}`, { hint: 'is the clock of this machine right?', facts: { nowMillis } })
    }
    if (nowMillis >= this.notAfterMillis) {
      throw new MtlscopeError('ca-state', `the intermediate expired at ${iso(this.notAfterMillis)}`, { hint: 'put the key of the root back; the next command renews it', facts: { nowMillis } })
    }
  }

  async #sign({ names, publicKey, ttlMillis, nowMillis }: LeafRequest): Promise<IssuedLeaf> {
    refuseFor(objectionToTtl(ttlMillis, this.state.maxTtlMillis))
    this.requireValid(nowMillis)
    const lifetime = planLifetime(nowMillis, ttlMillis, this.notAfterMillis)
    const leaf = await signLeaf({ names, publicKey, ...lifetime }, this.#signer)
    const chainPem = certificatePem(leaf) + certificatePem(this.#signer.certificate)
    return { serial: leaf.serialNumber, chainPem, bundlePem: this.bundlePem, ...lifetime }
  }
}

function objectionToTtl(ttlMillis: number, maxTtlMillis: number): string | undefined {
  if (ttlMillis > maxTtlMillis) return `a lifetime of ${ttlMillis / 1000} s, this CA gives at most ${maxTtlMillis / 1000} s`
  return ttlMillis < MIN_TTL_MILLIS ? `a lifetime of ${ttlMillis / 1000} s, the shortest is ${MIN_TTL_MILLIS / 1000} s` : undefined
}

function refuseFor(objection: string | undefined): void {
  if (objection !== undefined) throw new MtlscopeError('ca-refused', `not issued: ${objection}`)
}

/** ISO 8601 in UTC, to the second, never before `millis`. */
export function iso(millis: number): string {
  return new Date(Math.ceil(millis / 1000) * 1000).toISOString().replace('.000Z', 'Z')
}

/** Reads and checks what `state` names. Throws 'ca-state'. */
export async function openIssuer(store: CaStore, state: CaState): Promise<Issuer> {
  const active = activeRoot(state)
  const signer = await readSigner(store, 'intermediate', active.intermediateId)
  const roots = await Promise.all(state.roots.map(({ id }) => readAuthorityCertificate(store, 'root', id)))
  // Of the certificate alone: whether it is valid by now is asked when it signs.
  const fits = await signer.certificate.verify({ publicKey: roots[state.roots.indexOf(active)]!.publicKey, signatureOnly: true })
  if (!fits) throw new MtlscopeError('ca-state', `intermediate ${active.intermediateId} is not signed by root ${active.id}`, { hint: 'put back a copy of all of it' })
  return new Issuer(state, signer, roots)
}
