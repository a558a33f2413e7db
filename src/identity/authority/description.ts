import { createHash } from 'node:crypto'
import type * as X509 from '@peculiar/x509'
import { renewAtMillis } from '../lifetime.ts'
import { countAudit } from './audit.ts'
import type { CaStore, CertificateKind } from './ca-store.ts'
import { CaFolder } from './folder.ts'
import { readAuthorityCertificate } from './generation.ts'
import { iso } from './issuer.ts'
import type { RotationPhase } from './rotation.ts'
import { phaseOf, switchDueMillis } from './rotation.ts'
import type { CaState, RootRecord, RootRole } from './state.ts'
import { rootOf } from './state.ts'
import { readTokens } from './token-file.ts'

export interface CertificateDescription {
  readonly id: string
  readonly subject: string
  readonly notBefore: string
  readonly expiresAt: string
  /** Of the DER, hexadecimal. */
  readonly sha256: string
  readonly hasKey: boolean
}

export interface RootDescription extends CertificateDescription {
  readonly role: RootRole
  readonly publishedAt: string
  readonly intermediate: CertificateDescription
}

/** What `ca show` shows; times are ISO 8601 in UTC. */
export interface CaDescription {
  readonly trustDomain: string
  readonly name: string
  readonly dnsDomains: readonly string[]
  readonly createdAt: string
  readonly maxTtlSeconds: number
  /** In the order of the bundle. */
  readonly roots: readonly RootDescription[]
  readonly rotation: { readonly phase: RotationPhase, readonly switchFrom?: string, readonly dropFrom?: string }
  /** These four where the CA keeps a log and tokens itself: in a folder. */
  readonly issued?: number
  readonly refused?: number
  readonly auditFile?: string
  readonly tokens?: number
  readonly warnings: readonly string[]
}

/** Reads no key. Throws 'ca-state' where a certificate is missing or damaged. */
export async function describeCa(store: CaStore, state: CaState, nowMillis: number): Promise<CaDescription> {
  const roots = await Promise.all(state.roots.map((root) => describeRoot(store, root)))
  const due = switchDueMillis(state)
  const dropAtMillis = rootOf(state, 'old')?.dropAtMillis
  return {
    trustDomain: state.trustDomain, name: state.name, dnsDomains: state.dnsDomains, createdAt: iso(state.createdAtMillis), maxTtlSeconds: state.maxTtlMillis / 1000, roots,
    rotation: { phase: phaseOf(state), switchFrom: due === undefined ? undefined : iso(due), dropFrom: dropAtMillis === undefined ? undefined : iso(dropAtMillis) },
    ...store instanceof CaFolder ? await countsOf(store) : {},
    warnings: [...roots.flatMap((root) => warningsOf(root, nowMillis)), ...leftoverWarning(await store.leftovers(state))],
  }
}

async function countsOf(folder: CaFolder): Promise<Pick<CaDescription, 'issued' | 'refused' | 'auditFile' | 'tokens'>> {
  return { ...await countAudit(folder.auditPath), auditFile: folder.auditPath, tokens: (await readTokens(folder.tokensPath)).size }
}

async function describeRoot(store: CaStore, { id, role, intermediateId, publishedAtMillis }: RootRecord): Promise<RootDescription> {
  return { ...await describe(store, 'root', id), role, publishedAt: iso(publishedAtMillis), intermediate: await describe(store, 'intermediate', intermediateId) }
}

async function describe(store: CaStore, kind: CertificateKind, id: string): Promise<CertificateDescription> {
  const certificate: X509.X509Certificate = await readAuthorityCertificate(store, kind, id)
  const sha256 = createHash('sha256').update(new Uint8Array(certificate.rawData)).digest('hex')
  return { id, subject: certificate.subject, notBefore: iso(certificate.notBefore.getTime()), expiresAt: iso(certificate.notAfter.getTime()), sha256, hasKey: await store.hasKey(kind, id) }
}

function warningsOf({ id, role, intermediate, hasKey, expiresAt }: RootDescription, nowMillis: number): string[] {
  if (role === 'old') return []
  const [from, until] = [Date.parse(intermediate.notBefore), Date.parse(intermediate.expiresAt)]
  const rootExpired = nowMillis >= Date.parse(expiresAt) ? [`root ${id} expired at ${expiresAt}`] : []
  if (nowMillis >= until) return [...rootExpired, `intermediate ${intermediate.id} expired at ${intermediate.expiresAt}`]
  const due = nowMillis >= renewAtMillis(from, until)
  return due && !hasKey ? [...rootExpired, `intermediate ${intermediate.id} should be renewed, for which the key of root ${id} is needed`] : rootExpired
}

function leftoverWarning(leftovers: readonly string[]): string[] {
  return leftovers.length === 0 ? [] : [`not used any more: ${leftovers.join(', ')}`]
}
