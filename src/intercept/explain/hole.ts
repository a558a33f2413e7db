export type Severity = 'critical' | 'high' | 'medium' | 'low'

/** Kinds of holes; the key is stable and names the rule in SARIF. `point`: of the list that a verifier goes through, 1 to 12 (docs/explain.md). */
export const HOLE_KINDS = {
  'app-under-exempt-identity': { point: 1, what: 'A process that is not the proxy runs under an identity that is not intercepted' },
  'exempt-identity': { point: 1, what: 'An identity that is not the proxy\'s is not intercepted' },
  'exempt-mark': { point: 1, what: 'Packets with a mark are not intercepted' },
  'exempt-inbound-port': { point: 2, what: 'An inbound port is not intercepted' },
  'exempt-inbound-source': { point: 2, what: 'Connections from an address are not intercepted' },
  'exempt-outbound-port': { point: 2, what: 'An outbound port is not intercepted' },
  'exempt-outbound-address': { point: 2, what: 'A destination is not intercepted' },
  'exempt-interface': { point: 2, what: 'An interface is not intercepted' },
  'duplicate-jump': { point: 3, what: 'A chain is jumped to more than once' },
  'ipv6-outbound-open': { point: 4, what: 'IPv6 leaves without the proxy, IPv4 does not' },
  'ipv6-inbound-open': { point: 4, what: 'IPv6 arrives without the proxy, IPv4 does not' },
  'udp-outbound-open': { point: 5, what: 'UDP leaves without the proxy' },
  'udp-inbound-open': { point: 5, what: 'UDP arrives without the proxy' },
  'outbound-open': { point: 6, what: 'Outbound TCP connections are not intercepted' },
  'inbound-open': { point: 6, what: 'Inbound TCP connections are not intercepted' },
  'impostor': { point: 7, what: 'The port that traffic is redirected to belongs to somebody else than the proxy' },
  'older-flow': { point: 8, what: 'A connection is older than the rules and goes past the proxy' },
  'privileged-app': { point: 10, what: 'An app may undo or pass the interception' },
  'host-network': { point: 10, what: 'The namespace is the host\'s own' },
  'shared-namespace': { point: 10, what: 'Processes of several pods are in the namespace' },
  'mixed-backends': { point: 11, what: 'iptables-legacy and nf_tables both have rules' },
  'leftover-rule': { point: 11, what: 'An ip rule is left that no rule uses, or is there more than once' },
} as const satisfies Record<string, { point: number, what: string }>

export type HoleKind = keyof typeof HOLE_KINDS

/** A way around the proxy. */
export interface Hole {
  readonly kind: HoleKind
  readonly severity: Severity
  /** One sentence, with what is really there. */
  readonly what: string
  /** A packet that goes through it, as parsePacket reads it, and where the model says that it ends. */
  readonly packet?: string
  readonly ends?: string
  readonly fix: string
  /** Line and text of the rule that lets it through, where one does. */
  readonly line?: number
  readonly rule?: string
}

export interface HoleReport {
  readonly holes: readonly Hole[]
  /** True and worth knowing, and no way around. */
  readonly notes: readonly string[]
  /** What could not be looked at, and why: no answer is given for it. */
  readonly unchecked: readonly string[]
  /** Packets of which it is not known where they end, each with the rule that is the reason. With one of them "no holes" is no answer. */
  readonly unknown: readonly string[]
}

const ORDER: readonly Severity[] = ['critical', 'high', 'medium', 'low']

export function bySeverity(holes: readonly Hole[]): Hole[] {
  return [...holes].sort((a, b) => ORDER.indexOf(a.severity) - ORDER.indexOf(b.severity) || HOLE_KINDS[a.kind].point - HOLE_KINDS[b.kind].point)
}
