import type { Micros } from '../model/time.ts'
import type { CertificateFacts } from '../protocols/tls/certificate.ts'
import type { FrameAt } from './evidence.ts'
import type { HandshakeFacts, HandshakeStep } from './handshake-facts.ts'
import { doesNotEncrypt, isAnonymous } from './judge-handshake.ts'
import type { Finding, FindingKind, FindingSeverity } from './verdict.ts'

const HOUR_MICROS = 3600 * 1e6
const DAY_MICROS = 24 * HOUR_MICROS
/** A certificate is near its end with less than this left, or less than a tenth of its life where that is shorter. */
const NEAR_END_MICROS = 14 * DAY_MICROS
const NEAR_END_SHARE = 0.1
/** Names in certificates may be of any length. */
const MAX_SENTENCE_CHARS = 500
const MIN_RSA_BITS = 2048
const MIN_EC_BITS = 224
const WEAK = /_EXPORT|RC4|RC2|_DES_|DES40|3DES|IDEA|SEED|_MD5$|GOST|28147/

/** Weak things that one handshake shows. */
export function handshakeFindings(facts: HandshakeFacts, frameAt: FrameAt): Finding[] {
  if (!facts.seen || facts.failure !== undefined || facts.suite === undefined) return []
  const list: Finding[] = []
  const add = (kind: FindingKind, severity: FindingSeverity, what: string, fix: string, step: HandshakeStep): void => {
    const atMicros = facts.at[step]
    const frame = atMicros === undefined ? undefined : frameAt(atMicros)
    list.push({ kind, severity, what: what.length > MAX_SENTENCE_CHARS ? `${what.slice(0, MAX_SENTENCE_CHARS - 1)}…` : what, fix, ...(frame !== undefined && { frame }), ...(atMicros !== undefined && { atMicros }) })
  }
  suiteFindings(facts, add)
  const now = facts.at.serverHello
  if (facts.server?.leaf !== undefined) certificateFindings('server', facts.server.leaf, now, add)
  if (facts.client?.leaf !== undefined) certificateFindings('client', facts.client.leaf, now, add)
  const [clientDomain, serverDomain] = [trustDomain(facts.client?.leaf), trustDomain(facts.server?.leaf)]
  if (clientDomain !== undefined && serverDomain !== undefined && clientDomain !== serverDomain) {
    add('trust-domains', 'medium', `the client is of trust domain ${clientDomain}, the server of ${serverDomain}`, 'make sure that the two trust domains are meant to be federated', 'clientCertificate')
  }
  return list
}

type Add = (kind: FindingKind, severity: FindingSeverity, what: string, fix: string, step: HandshakeStep) => void

function suiteFindings({ suite = '', version = '', tls13 }: HandshakeFacts, add: Add): void {
  if (doesNotEncrypt(suite)) add('no-encryption', 'critical', `${suite} does not encrypt`, 'take NULL suites out of the configuration', 'serverHello')
  if (isAnonymous(suite)) add('anonymous', 'high', `${suite} does not authenticate the server`, 'take anonymous suites out of the configuration', 'serverHello')
  if (/^SSL|^TLS 1\.[01]$/.test(version)) add('old-version', 'high', `${version} was agreed on`, 'ask for TLS 1.2 at least, on both sides', 'serverHello')
  if (WEAK.test(suite)) add('weak-suite', 'high', `${suite} is not safe any more`, 'allow AEAD suites only (AES-GCM, ChaCha20-Poly1305)', 'serverHello')
  else if (!tls13 && /_CBC_/.test(suite)) add('weak-suite', 'low', `${suite} is of the kind that padding attacks were made for`, 'prefer AEAD suites (AES-GCM, ChaCha20-Poly1305)', 'serverHello')
  if (suite.startsWith('TLS_RSA_WITH')) add('no-forward-secrecy', 'medium', `${suite} has no forward secrecy`, 'prefer ECDHE suites', 'serverHello')
}

function certificateFindings(side: 'client' | 'server', leaf: CertificateFacts, nowMicros: Micros | undefined, add: Add): void {
  const step = side === 'client' ? 'clientCertificate' : 'serverCertificate'
  const name = leaf.spiffeId ?? leaf.subject ?? leaf.sha256.slice(0, 16)
  if (leaf.signatureAlgorithm !== undefined && /md5|sha1/i.test(leaf.signatureAlgorithm)) {
    add('weak-signature', 'high', `the ${side}'s certificate (${name}) is signed with ${leaf.signatureAlgorithm}`, 'issue it anew with SHA-256', step)
  }
  const bits = leaf.publicKeyBits ?? Infinity
  if ((leaf.publicKeyType === 'rsa' && bits < MIN_RSA_BITS) || (leaf.publicKeyType === 'ec' && bits < MIN_EC_BITS)) {
    add('weak-signature', 'high', `the ${side}'s key (${name}) has ${bits} bits`, `issue it anew with ${MIN_RSA_BITS} bits (RSA) or P-256`, step)
  }
  lifeFindings(side, name, leaf, nowMicros, step, add)
}

function lifeFindings(side: string, name: string, leaf: CertificateFacts, nowMicros: Micros | undefined, step: HandshakeStep, add: Add): void {
  const from = microsOf(leaf.notBefore)
  const until = microsOf(leaf.notAfter)
  if (nowMicros === undefined || from === undefined || until === undefined) return
  if (nowMicros > until) add('certificate-expired', 'high', `the ${side}'s certificate (${name}) ended ${leaf.notAfter}, ${ageText(nowMicros - until)} before`, 'renew it, and find out why nobody refused it', step)
  else if (nowMicros < from) add('certificate-expired', 'high', `the ${side}'s certificate (${name}) begins only ${leaf.notBefore}`, 'set the clocks right', step)
  else if (until - nowMicros < Math.min(NEAR_END_MICROS, (until - from) * NEAR_END_SHARE)) {
    add('certificate-expires', 'medium', `the ${side}'s certificate (${name}) ends ${leaf.notAfter}, in ${ageText(until - nowMicros)}`, 'see that it is renewed in time', step)
  }
}

function microsOf(rfc3339: string | undefined): Micros | undefined {
  const ms = rfc3339 === undefined ? NaN : Date.parse(rfc3339)
  return Number.isNaN(ms) ? undefined : ms * 1000
}

/** `3 days`, `5 hours`. */
function ageText(micros: Micros): string {
  const hours = Math.max(1, Math.round(micros / HOUR_MICROS))
  if (hours < 48) return `${hours} ${hours === 1 ? 'hour' : 'hours'}`
  return `${Math.round(hours / 24)} days`
}

function trustDomain(leaf: CertificateFacts | undefined): string | undefined {
  return leaf?.spiffeId === undefined ? undefined : /^spiffe:\/\/([^/]+)/.exec(leaf.spiffeId)?.[1]
}
