import { createPublicKey } from 'node:crypto'
import type { KeyObject, webcrypto } from 'node:crypto'
import { isIP, SocketAddress } from 'node:net'
import type * as X509 from '@peculiar/x509'
import { x509 } from './x509.ts'
import type { LeafNames } from './certificate-names.ts'
import { ECDSA_P256 } from './certificate-profile.ts'
import { formatPem, parsePem } from './pem.ts'

/** Bytes of DER; an RSA key of 4096 bits with a page of names has half of it. */
export const MAX_CSR_BYTES = 8 * 1024
const MAX_DEPTH = 20
const MAX_NODES = 500
const CURVES = new Set(['prime256v1', 'secp384r1'])
const RSA_BITS = { min: 2048, max: 4096 }
const MIN_RSA_EXPONENT = 65537n
const HASHES = new Set(['SHA-256', 'SHA-384', 'SHA-512'])
const LEAF_USAGES = ['1.3.6.1.5.5.7.3.1', '1.3.6.1.5.5.7.3.2']
const CA_USAGES = x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign

/** What a certificate signing request says, once its signature proved that the sender has the key. */
export interface Csr {
  readonly publicKey: X509.PublicKey
  readonly uris: readonly string[]
  readonly dnsNames: readonly string[]
  readonly ipAddresses: readonly string[]
  /** Names of other kinds, as `email:x@y`. */
  readonly otherNames: readonly string[]
  /** It wants to be a CA, or purposes other than TLS. */
  readonly wantsRights: boolean
}

export type CsrReading = { readonly ok: true, readonly csr: Csr } | { readonly ok: false, readonly why: string }

/** Never throws: PEM (RFC 7468 §7) or not, signed or not, a key that is too weak or too costly; `why` is the end of a sentence. */
export async function verifyCsr(pem: string): Promise<CsrReading> {
  const blocks = [...parsePem(pem, 'CERTIFICATE REQUEST'), ...parsePem(pem, 'NEW CERTIFICATE REQUEST')]
  if (blocks.length !== 1) return refuse(`${blocks.length} PEM blocks of a certificate request, one is wanted`)
  if (blocks[0]!.length > MAX_CSR_BYTES) return refuse(`request of more than ${MAX_CSR_BYTES} bytes`)
  try {
    return await verifyDer(blocks[0]!)
  } catch {
    // The library throws for whatever it cannot parse; its words are about ASN.1 and quote the input.
    return refuse('not a certificate request')
  }
}

async function verifyDer(der: Buffer): Promise<CsrReading> {
  const request = new x509.Pkcs10CertificateRequest(new Uint8Array(der), { berOptions: { maxDepth: MAX_DEPTH, maxNodes: MAX_NODES, maxContentLength: MAX_CSR_BYTES } })
  const key = createPublicKey({ key: Buffer.from(request.publicKey.rawData), format: 'der', type: 'spki' })
  const weak = objectionToKey(key)
  if (weak !== undefined) return refuse(weak)
  if (!HASHES.has(hashName(request))) return refuse('signed with a hash other than SHA-256, SHA-384 or SHA-512')
  if (!await request.verify()) return refuse('signature does not fit the key')
  return { ok: true, csr: { publicKey: request.publicKey, ...namesOf(request), wantsRights: wantsRights(request) } }
}

function refuse(why: string): CsrReading {
  return { ok: false, why }
}

function objectionToKey(key: KeyObject): string | undefined {
  const details = key.asymmetricKeyDetails ?? {}
  if (key.asymmetricKeyType === 'ec' && CURVES.has(details.namedCurve ?? '')) return undefined
  if (key.asymmetricKeyType !== 'rsa') return `key of type ${key.asymmetricKeyType} ${details.namedCurve ?? ''}`.trimEnd() + ', wanted: P-256, P-384 or RSA'
  const bits = details.modulusLength ?? 0
  if (bits < RSA_BITS.min || bits > RSA_BITS.max) return `RSA key of ${bits} bits, wanted: ${RSA_BITS.min} to ${RSA_BITS.max}`
  return (details.publicExponent ?? 0n) < MIN_RSA_EXPONENT ? `RSA key with the exponent ${details.publicExponent}` : undefined
}

function hashName(request: X509.Pkcs10CertificateRequest): string {
  const { hash } = request.signatureAlgorithm as { hash?: { name?: string } | string }
  return typeof hash === 'string' ? hash : hash?.name ?? ''
}

function namesOf(request: X509.Pkcs10CertificateRequest): Pick<Csr, 'uris' | 'dnsNames' | 'ipAddresses' | 'otherNames'> {
  const all = extensionsOf(request, x509.SubjectAlternativeNameExtension).flatMap((extension) => extension.names.items)
  const of = (type: string): string[] => all.filter((name) => name.type === type).map((name) => name.value)
  return {
    uris: of('url'), dnsNames: of('dns'), ipAddresses: of('ip'),
    otherNames: all.filter(({ type }) => type !== 'url' && type !== 'dns' && type !== 'ip').map(({ type, value }) => `${type}:${value}`),
  }
}

function wantsRights(request: X509.Pkcs10CertificateRequest): boolean {
  return extensionsOf(request, x509.BasicConstraintsExtension).some(({ ca }) => ca)
    || extensionsOf(request, x509.KeyUsagesExtension).some(({ usages }) => (usages & CA_USAGES) !== 0)
    || extensionsOf(request, x509.ExtendedKeyUsageExtension).some(({ usages }) => usages.some((usage) => !LEAF_USAGES.includes(String(usage))))
}

function extensionsOf<T extends X509.Extension>(request: X509.Pkcs10CertificateRequest, type: new (raw: ArrayBuffer) => T): T[] {
  // The library's own kind of array would make more of its kind.
  return [...request.extensions].filter((extension): extension is T => extension instanceof type)
}

/** What a request asks beyond `allowed`, as the end of a sentence; undefined where it asks for that, part of it, or nothing. Its subject counts for nothing. */
export function objectionToCsr(csr: Csr, allowed: LeafNames): string | undefined {
  const addresses = allowed.ipAddresses.map(canonical)
  const beyond = [
    ...csr.uris.filter((uri) => uri !== allowed.spiffeId),
    ...csr.dnsNames.filter((name) => !allowed.dnsNames.includes(name.toLowerCase())),
    ...csr.ipAddresses.filter((address) => !addresses.includes(canonical(address))),
    ...csr.otherNames,
  ]
  if (beyond.length > 0) return `it asks for ${beyond.slice(0, 3).join(', ')}`
  return csr.wantsRights ? 'it asks for more than the rights of a workload' : undefined
}

/** One text for each address: IPv6 has many (RFC 5952). */
function canonical(address: string): string {
  const family = isIP(address)
  return family === 0 ? address : new SocketAddress({ address, family: family === 6 ? 'ipv6' : 'ipv4' }).address
}

/** A request for that identity, as PEM. `keys` sign with SHA-256. */
export async function createCsr(keys: webcrypto.CryptoKeyPair, spiffeId: string): Promise<string> {
  const request = await x509.Pkcs10CertificateRequestGenerator.create({
    keys, signingAlgorithm: ECDSA_P256,
    extensions: [new x509.SubjectAlternativeNameExtension([{ type: 'url', value: spiffeId }])],
  })
  return formatPem('CERTIFICATE REQUEST', request.rawData)
}
