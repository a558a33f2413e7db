import { randomBytes, X509Certificate } from 'node:crypto'
import type * as X509 from '@peculiar/x509'
import { x509 } from '../x509.ts'
import { MtlscopeError } from '../../base/errors.ts'
import type { NameLimits } from '../certificate-names.ts'
import type { Signer } from '../certificate-profile.ts'
import { certificatePem, ECDSA_P256, exportKeyPem, generateKeys, signAuthority } from '../certificate-profile.ts'
import { INTERMEDIATE_TTL_MILLIS, planLifetime, ROOT_TTL_MILLIS } from '../lifetime.ts'
import { parsePem } from '../pem.ts'
import type { CaStore, CertificateKind } from './ca-store.ts'

export interface AuthorityNames extends NameLimits { readonly name: string }

/** What a new pair is called, and the pair itself where it has to sign on. */
export interface Generated { readonly id: string, readonly signer: Signer }

/** A root and an intermediate below it, written to the store. Nothing counts on them until ca.json names them. */
export async function generateRoot(store: CaStore, names: AuthorityNames, nowMillis: number): Promise<{ root: Generated, intermediate: Generated }> {
  const root = await generate(store, 'root', names, nowMillis)
  return { root, intermediate: await generateIntermediate(store, names, nowMillis, root.signer) }
}

export async function generateIntermediate(store: CaStore, names: AuthorityNames, nowMillis: number, root: Signer): Promise<Generated> {
  return await generate(store, 'intermediate', names, nowMillis, root)
}

async function generate(store: CaStore, kind: CertificateKind, names: AuthorityNames, nowMillis: number, root?: Signer): Promise<Generated> {
  const id = randomBytes(4).toString('hex')
  const keys = await generateKeys(true)
  const lifetime = root === undefined
    ? planLifetime(nowMillis, ROOT_TTL_MILLIS)
    : planLifetime(nowMillis, INTERMEDIATE_TTL_MILLIS, root.certificate.notAfter.getTime())
  // The id makes subjects differ, without which two roots of one bundle would be tried for each other.
  const profile = { ...names, ...lifetime, commonName: `${names.name} ${kind} ${id}`, pathLength: kind === 'root' ? 1 : 0 }
  const certificate = await signAuthority(profile, keys, root)
  await store.writePair(kind, id, await exportKeyPem(keys.privateKey), certificatePem(certificate))
  return { id, signer: { certificate, privateKey: keys.privateKey } }
}

/** A pair as it lies in the store. Throws 'ca-state' where either is missing or damaged, or the two do not fit. */
export async function readSigner(store: CaStore, kind: CertificateKind, id: string): Promise<Signer> {
  const certificate = await readAuthorityCertificate(store, kind, id)
  const pem = await store.readKey(kind, id)
  try {
    const [der] = parsePem(pem, 'PRIVATE KEY')
    const privateKey = await crypto.subtle.importKey('pkcs8', new Uint8Array(der ?? Buffer.alloc(0)), ECDSA_P256, false, ['sign'])
    const signer = { certificate, privateKey }
    await requireFit(signer)
    return signer
  } catch (error) {
    throw new MtlscopeError('ca-state', `${store.keyPath(kind, id)} is no P-256 key of its certificate`, { hint: 'put back a copy of all of it', facts: { kind, id }, cause: error })
  }
}

export async function readAuthorityCertificate(store: CaStore, kind: CertificateKind, id: string): Promise<X509.X509Certificate> {
  const pem = await store.readCertificate(kind, id)
  try {
    return new x509.X509Certificate(new Uint8Array(new X509Certificate(pem).raw))
  } catch (error) {
    throw new MtlscopeError('ca-state', `${store.certificatePath(kind, id)} is no certificate`, { hint: 'put back a copy of all of it', facts: { kind, id }, cause: error })
  }
}

async function requireFit({ certificate, privateKey }: Signer): Promise<void> {
  const probe = new Uint8Array(32)
  const publicKey = await certificate.publicKey.export(ECDSA_P256, ['verify'])
  const signature = await crypto.subtle.sign(ECDSA_P256, privateKey, probe)
  if (!await crypto.subtle.verify(ECDSA_P256, publicKey, signature, probe)) throw new Error('the key belongs to another certificate')
}
