import type { Edge } from './edge.ts'
import type { Evidence, Finding, PeerIdentity, ProbeAttempt, ProbeResult, Verdict } from './verdict.ts'

/** What the probes of its servers add to an edge. */
export interface Probed {
  readonly connections: Readonly<Partial<Record<Verdict, number>>>
  /** Why inferred became proved; undefined where it did not. */
  readonly because: string | undefined
  readonly evidence: readonly Evidence[]
  readonly findings: readonly Finding[]
  readonly serverIdentity: PeerIdentity | undefined
  /** `strict`: every server of the edge refuses whoever has no certificate that it knows, and plaintext is not taken. `open`: one takes less. Undefined: neither is known. */
  readonly stance: 'strict' | 'open' | undefined
  /** Of what is still unknown: connections that resume a session of before. */
  readonly resumedUnknown: number
}

const RESUMED_BECAUSE = 'sessions are resumed of a server that refuses clients without a certificate, so that it gives none to them'
/** What the handshake of an answer that is not TLS ends with. */
const NOT_TLS = 'not TLS'
const BECAUSE = 'the client\'s flight fits a certificate, and the server refuses clients that have none'

/**
 * Inferred mTLS is proved where every server address of the edge refused a client without a certificate, and none took it in any version.
 * A server that takes a certificate of any issuer asks for none worth the name: nothing is proved then.
 */
export function appliedProbes(edge: Edge, probes: readonly ProbeResult[]): Probed {
  const met = probes.filter(({ ip, port }) => port === edge.port && edge.serverIps.has(ip))
  const own = met.filter((probe) => !metNoServer(edge, probe))
  const isProof = asksAll(edge, own) && own.every((probe) => refusesStrangers(probe) && !metAnother(edge, probe)) && edge.connections.tls === undefined
  const upgraded = isProof && (edge.connections['mtls (inferred)'] ?? 0) > edge.resumedInferred
  return {
    connections: isProof ? withProof(edge) : edge.connections,
    because: isProof && edge.resumedUnknown + edge.resumedInferred > 0 ? RESUMED_BECAUSE : upgraded ? BECAUSE : undefined,
    evidence: met.flatMap((probe) => own.includes(probe) ? [] : [strayEvidence(probe)]).concat(own.flatMap(({ attempts, ip, port, atMicros }) => attempts.map((attempt): Evidence => ({ kind: 'probe', what: `probe of ${ip}:${port}: ${attempt.what}`, atMicros })))),
    findings: findingsOf(own.flatMap((probe) => probe.attempts), edge),
    serverIdentity: identityOf(own), stance: own.some(takesLess) ? 'open' : isProof ? 'strict' : undefined, resumedUnknown: isProof ? 0 : edge.resumedUnknown,
  }
}

/** Each address under each name that was asked for: hosts of one port may be set up differently. Where no name was seen any does. */
function asksAll({ serverIps, hasMoreServers, asked }: Edge, own: readonly ProbeResult[]): boolean {
  if (asked === undefined || hasMoreServers) return false
  return [...serverIps].every((ip) => own.some((probe) => probe.ip === ip) && asked.every((sni) => own.some((probe) => probe.ip === ip && probe.sni === sni)))
}

/** Clients speak TLS with this server, and the probe met somebody who does not: the proxy of the client, mostly. */
function metNoServer(edge: Edge, { attempts, chain }: ProbeResult): boolean {
  return (edge.tls !== undefined || edge.late > 0) && chain.length === 0 && attempts.some(({ alert }) => alert === NOT_TLS) && attempts.every(({ kind, alert, outcome }) => kind === 'plaintext' || alert === NOT_TLS || outcome === 'unknown')
}

function strayEvidence({ ip, port, atMicros }: ProbeResult): Evidence {
  return { kind: 'probe', what: `probe of ${ip}:${port}: it met somebody who does not speak TLS, which this server does: probably the proxy of the client, which takes every connection; nothing is concluded from it`, atMicros }
}

function refusesStrangers({ attempts }: ProbeResult): boolean {
  const of = (kind: ProbeAttempt['kind']): readonly ProbeAttempt[] => attempts.filter((attempt) => attempt.kind === kind)
  const without = of('no-certificate')
  return without.some(({ outcome, version }) => outcome === 'refused' && version !== 'TLS 1.2')
    && without.every(({ outcome }) => outcome !== 'accepted')
    && of('foreign-certificate').every(({ outcome }) => outcome !== 'accepted')
}

function takesLess({ attempts }: ProbeResult): boolean {
  return attempts.some(({ outcome }) => outcome === 'accepted')
}

/**
 * What was inferred is proved. A session that was resumed was given by that server, to a client that had a certificate as it is set up now:
 * that is an inference, for it may have been set up differently then.
 */
function withProof({ connections, resumedUnknown, resumedInferred }: Edge): Edge['connections'] {
  const { 'mtls (inferred)': inferred = 0, mtls = 0, unknown = 0, ...others } = connections
  const counts: Edge['connections'] = { ...others }
  const proved = mtls + inferred - resumedInferred
  const resumed = resumedUnknown + resumedInferred
  if (proved > 0) counts.mtls = proved
  if (resumed > 0) counts['mtls (inferred)'] = resumed
  if (unknown > resumedUnknown) counts.unknown = unknown - resumedUnknown
  return counts
}

function findingsOf(attempts: readonly ProbeAttempt[], edge: Edge): Finding[] {
  const taken = (kind: ProbeAttempt['kind']): boolean => attempts.some((attempt) => attempt.kind === kind && attempt.outcome === 'accepted')
  const server = `${edge.server}:${edge.port}`
  const speaksTls = edge.tls !== undefined
  const findings: Finding[] = []
  if (speaksTls && taken('plaintext')) findings.push({ kind: 'port-open-to-plaintext', severity: 'high', what: `${server} takes plaintext as well as TLS`, fix: 'make mTLS strict on the server, so that it refuses plaintext' })
  if (taken('no-certificate')) findings.push(withoutCertificate(attempts, server))
  if (taken('foreign-certificate')) findings.push({ kind: 'foreign-certificate-accepted', severity: 'high', what: `${server} takes a certificate of an issuer that it cannot know`, fix: 'have the server verify client certificates against the trust bundle of the mesh' })
  return findings
}

/** nginx asks, ends the handshake all the same, and refuses the request that follows. */
function withoutCertificate(attempts: readonly ProbeAttempt[], server: string): Finding {
  const asks = attempts.filter(({ kind, outcome }) => kind === 'no-certificate' && outcome === 'accepted').every(({ requested }) => requested === true)
  const what = asks ? `${server} asks for a certificate and ends the handshake without one; it may still refuse what is asked then` : `${server} takes clients without a certificate`
  return { kind: 'no-client-certificate-accepted', severity: asks ? 'low' : 'medium', what, fix: 'have the server require a client certificate' }
}

/** Another leaf than the clients were shown: the probe met another server (routing by name, interception), and proves nothing of this one. */
function metAnother(edge: Edge, { chain }: ProbeResult): boolean {
  const seen = edge.serverIdentity?.sha256
  return seen !== undefined && chain[0] !== undefined && chain[0].sha256 !== seen
}

function identityOf(own: readonly ProbeResult[]): PeerIdentity | undefined {
  const chain = own.find(({ chain }) => chain.length > 0)?.chain
  if (chain === undefined) return undefined
  const { spiffeId, subject, issuer, alternativeNames, notBefore, notAfter, sha256 } = chain[0]!
  return {
    ...(spiffeId !== undefined && { spiffeId }), ...(subject !== undefined && { subject }), ...(issuer !== undefined && { issuer }),
    ...(alternativeNames !== undefined && { names: alternativeNames.slice(0, 8) }), ...(notBefore !== undefined && { notBefore }), ...(notAfter !== undefined && { notAfter }),
    chainLength: chain.length, sha256, proved: true,
  }
}
