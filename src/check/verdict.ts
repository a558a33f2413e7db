import type { Micros } from '../model/time.ts'
import type { CertificateFacts } from '../protocols/tls/certificate.ts'

/**
 * What the wire says of one connection. `mtls`: both sides proved who they are. `mtls (inferred)`: TLS 1.3, the client's flight fits a
 * certificate, or what was agreed was not seen and all that is known of the edge is mutual; and nothing speaks against it. `tls`: encrypted, no client certificate. `plaintext`: readable. `unknown`: too little seen.
 */
export type Verdict = 'mtls' | 'mtls (inferred)' | 'tls' | 'plaintext' | 'unknown'

/** Of an edge. `mixed`: some of its connections are one thing, some another. */
export type EdgeVerdict = Verdict | 'mixed'

/** From the best to the worst; `unknown` is nothing to rely on. */
export const VERDICTS: readonly EdgeVerdict[] = ['mtls', 'mtls (inferred)', 'tls', 'mixed', 'unknown', 'plaintext']

/** Client workload → server workload:port; names where they are known, else addresses. */
export interface EdgeKey {
  readonly client: string
  readonly server: string
  readonly port: number
}

/** What a sentence of evidence is about; the key is stable. */
export type EvidenceKind =
  | 'client-hello' | 'server-hello' | 'server-certificate' | 'certificate-request' | 'client-certificate' | 'certificate-verify' | 'client-flight'
  | 'finished' | 'resumption' | 'decrypted' | 'alert' | 'mesh' | 'plaintext' | 'upgrade' | 'probe' | 'pairing' | 'digest' | 'canary' | 'late' | 'loss' | 'limit'

/** A short sentence that anybody can check against the packets. */
export interface Evidence {
  readonly kind: EvidenceKind
  /** Peer bytes may be in it: escape before it is shown. */
  readonly what: string
  /** Number of the frame in the file that was read, from 1; undefined for live captures. */
  readonly frame?: number
  readonly atMicros?: Micros
  /** Id of the message that it stems from, where messages are stored. */
  readonly message?: number
}

export type FindingSeverity = 'critical' | 'high' | 'medium' | 'low'

/** Kinds of weak things; the key is stable and names the rule in SARIF. */
export const FINDING_KINDS = {
  'canary-on-wire': 'A token sent through the app was readable on the wire',
  'no-encryption': 'TLS with a suite that does not encrypt',
  'anonymous': 'TLS with a suite that does not authenticate the server',
  'old-version': 'A version of TLS below 1.2',
  'weak-suite': 'A cipher suite that is no longer held to be safe',
  'no-forward-secrecy': 'Who gets the server\'s key reads all that was recorded',
  'weak-signature': 'A certificate signed with MD5 or SHA-1, or a key that is too short',
  'certificate-expired': 'A certificate outside its time',
  'certificate-expires': 'A certificate near its end',
  'trust-domains': 'Client and server belong to different trust domains',
  'plaintext-fallback': 'Plaintext beside TLS on the same edge',
  'port-open-to-plaintext': 'The port of a server that speaks TLS takes plaintext as well',
  'no-client-certificate-accepted': 'The server takes clients without a certificate',
  'foreign-certificate-accepted': 'The server takes certificates of any issuer',
  'failed-handshakes': 'Handshakes that failed',
} as const satisfies Record<string, string>

export type FindingKind = keyof typeof FINDING_KINDS

export interface Finding {
  readonly kind: FindingKind
  readonly severity: FindingSeverity
  /** One sentence, with what is really there. */
  readonly what: string
  readonly fix: string
  readonly frame?: number
  readonly atMicros?: Micros
}

/** Why an edge is not mTLS, as far as it can be found, and what to do. */
export interface Reason {
  /** Stable: `not-injected`, `no-client-certificate`, or a hole of `mtlscope explain`. */
  readonly kind: string
  readonly what: string
  readonly fix: string
}

/** Who one end says it is: the leaf of its chain. `proved`: it signed this handshake with the key of that certificate, and the signature was seen. */
export interface PeerIdentity {
  readonly spiffeId?: string
  readonly subject?: string
  readonly issuer?: string
  readonly names?: readonly string[]
  readonly notBefore?: string
  readonly notAfter?: string
  readonly chainLength: number
  readonly sha256?: string
  readonly proved: boolean
}

/** What the connections of an edge agreed on; a list has each value once, bounded. */
export interface EdgeTls {
  readonly versions: readonly string[]
  readonly suites: readonly string[]
  readonly groups: readonly string[]
  /** All of them are post-quantum; undefined where no group was seen. */
  readonly postQuantum?: boolean
  readonly sni: readonly string[]
  readonly alpn: readonly string[]
  readonly resumed: number
}

/** One hop of the way of a request. `clear`: on the loopback between an app and its proxy, as it should be. */
export interface ReportedHop {
  readonly kind: 'clear' | 'tls' | 'plain'
  /** `app → proxy`, `proxy → proxy`, … */
  readonly from: string
  readonly to: string
  readonly what: string
}

export interface EdgeReport extends EdgeKey {
  readonly verdict: EdgeVerdict
  /** One sentence: why this verdict. */
  readonly because: string
  /** What would make it proof; undefined where it is. */
  readonly forProof?: string
  /** Verdict → connections. */
  readonly connections: Readonly<Partial<Record<Verdict, number>>>
  /** Of these, the ones whose handshake was not seen, whatever was inferred of them. */
  readonly joinedLate?: number
  /** Of `connections`, those of which the beginning was not seen, as they are counted there; what was read in the clear is what it is, whenever it began. */
  readonly older?: Readonly<Partial<Record<Verdict, number>>>
  /** Handshakes that came to nothing; they are no connections of any verdict. */
  readonly refused: number
  readonly firstMicros: Micros
  readonly lastMicros: Micros
  readonly addresses: { readonly client: readonly string[], readonly server: readonly string[] }
  readonly tls?: EdgeTls
  readonly clientIdentity?: PeerIdentity
  readonly serverIdentity?: PeerIdentity
  readonly evidence: readonly Evidence[]
  readonly findings: readonly Finding[]
  readonly why: readonly Reason[]
  /** The way of its requests, where clear hops were seen beside the wire. */
  readonly path?: readonly ReportedHop[]
  /** The pattern of --allow that covers it. */
  readonly allowed?: string
  /** With --new-only: what of it is not judged, as a sentence. */
  readonly leftOut?: string
}

/** What a probe sent: TLS without a certificate, TLS with one of an issuer that nobody knows, or nothing of TLS at all. */
export type ProbeKind = 'no-certificate' | 'foreign-certificate' | 'plaintext'

export interface ProbeAttempt {
  readonly kind: ProbeKind
  /** `TLS 1.2`, `TLS 1.3`; undefined for plaintext. */
  readonly version?: string
  /** `refused`: the server ended it because of what was missing; `unknown`: it could not be told (no answer, not reachable). */
  readonly outcome: 'accepted' | 'refused' | 'unknown'
  /** The server sent a CertificateRequest; undefined where that could not be told. */
  readonly requested?: boolean
  /** Name of the alert: `certificate_required`. */
  readonly alert?: string
  /** One sentence of what was sent and what came back. */
  readonly what: string
}

/** What an active probe found out about one server port: the input to the verdict. */
export interface ProbeResult {
  readonly ip: string
  readonly port: number
  /** The name that was asked for: another host of the same port may be set up differently. */
  readonly sni?: string
  /** Network namespace that it was reached from. */
  readonly namespace?: string
  readonly atMicros: Micros
  readonly attempts: readonly ProbeAttempt[]
  /** Leaf first; empty where none was shown. */
  readonly chain: readonly CertificateFacts[]
}

/** Where a server is probed, as the observed connections reached it. */
export interface ProbeTarget {
  readonly ip: string
  readonly port: number
  /** Path of the network namespace that clients of it live in; '' for that of this program; undefined where none is known. */
  readonly netnsPath?: string
  readonly sni?: string
  readonly alpn?: readonly string[]
  /** It was seen to speak TLS (else only plaintext is known). */
  readonly tls: boolean
}

export interface CheckReport {
  readonly tool: string
  readonly version: string
  /** What was watched: a file's name, or the places of a live capture. */
  readonly source: string
  readonly firstMicros: Micros
  readonly lastMicros: Micros
  /** The worst first. */
  readonly edges: readonly EdgeReport[]
  /** What limits the claim: packets lost, namespaces not entered, bounds hit. */
  readonly notes: readonly string[]
  /** Connections on the loopback between apps and proxies: expected to be clear, and no edges. */
  readonly clearHops: number
  readonly packets: number
  /** What became of a token that was sent through an app's own path. */
  readonly canary?: 'leaked' | 'kept' | 'unproved'
  /** It chose the edges: those with a message that it lets through. */
  readonly filter?: string
  /** Connections that are older than the watch are listed, and not judged. */
  readonly newOnly?: boolean
}
