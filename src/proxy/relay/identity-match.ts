import type { IdentityPatterns } from '../sidecar-plan.ts'

/** Names of a certificate (RFC 5280 §4.2.1.6), as they stand in it. */
export interface PeerNames { readonly uris: readonly string[], readonly dnsNames: readonly string[] }

/**
 * What a peer is called in logs: its SPIFFE id, else its first DNS name, else its URIs, all of them. Empty where the certificate has no such name.
 * X509-SVID §2: a certificate with more than one URI is no SVID, so it has no SPIFFE id.
 */
export function identityOf(names: PeerNames): string {
  return spiffeIdOf(names) ?? names.dnsNames[0] ?? names.uris.join(',')
}

export function spiffeIdOf(names: PeerNames): string | undefined {
  const [uri, ...others] = names.uris
  return others.length === 0 && uri?.startsWith('spiffe://') === true ? uri : undefined
}

/** No patterns: whoever the trust bundle vouches for. */
export function isIdentityAllowed(patterns: IdentityPatterns, names: PeerNames): boolean {
  return patterns.length === 0 || patterns.some((pattern) => matchesPattern(pattern, names))
}

function matchesPattern(pattern: string, names: PeerNames): boolean {
  if (pattern.startsWith('spiffe://')) {
    const id = spiffeIdOf(names)
    return id !== undefined && fits(pattern, id)
  }
  const wanted = pattern.toLowerCase()
  return names.dnsNames.some((name) => fits(wanted, name.toLowerCase()) || coversName(name.toLowerCase(), wanted))
}

function fits(pattern: string, name: string): boolean {
  return pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern
}

/** RFC 9525 §6.3: `*` as the whole leftmost label of a certificate's name stands for one label. */
function coversName(name: string, wanted: string): boolean {
  if (!name.startsWith('*.') || wanted.includes('*')) return false
  const dot = wanted.indexOf('.')
  return dot > 0 && wanted.slice(dot) === name.slice(1)
}
