/** A workload's name in a trust domain, e.g. `spiffe://shop.test/cart`. */
export interface SpiffeId {
  readonly trustDomain: string
  /** Starts with a slash; empty for the trust domain itself. */
  readonly path: string
}

const MAX_ID_BYTES = 2048
const MAX_TRUST_DOMAIN_BYTES = 255
const TRUST_DOMAIN = /^[a-z0-9._-]+$/
const SEGMENT = /^[A-Za-z0-9._-]+$/

/** SPIFFE-ID §2. Undefined for anything that breaks it: no port, query, percent-encoding, empty or dot segment is allowed. */
export function parseSpiffeId(text: string): SpiffeId | undefined {
  if (text.length > MAX_ID_BYTES || !text.startsWith('spiffe://')) return undefined
  const rest = text.slice('spiffe://'.length)
  const slash = rest.indexOf('/')
  const trustDomain = slash < 0 ? rest : rest.slice(0, slash)
  const path = slash < 0 ? '' : rest.slice(slash)
  if (trustDomain.length > MAX_TRUST_DOMAIN_BYTES || !TRUST_DOMAIN.test(trustDomain)) return undefined
  if (path !== '' && !path.slice(1).split('/').every(isSegment)) return undefined
  return { trustDomain, path }
}

function isSegment(segment: string): boolean {
  return SEGMENT.test(segment) && segment !== '.' && segment !== '..'
}

export function formatSpiffeId(id: SpiffeId): string {
  return `spiffe://${id.trustDomain}${id.path}`
}
