import type { PeerCertificate } from 'node:tls'

/** The SPIFFE ids of a certificate whose chain was checked; a good one has exactly one (X509-SVID §2). */
export function spiffeIdsOf({ subjectaltname }: Pick<PeerCertificate, 'subjectaltname'>): string[] {
  return (subjectaltname ?? '').split(', ').filter((name) => name.startsWith('URI:')).map((name) => name.slice('URI:'.length))
}

export function isPeer(certificate: Pick<PeerCertificate, 'subjectaltname'>, spiffeId: string): boolean {
  const ids = spiffeIdsOf(certificate)
  return ids.length === 1 && ids[0] === spiffeId
}
