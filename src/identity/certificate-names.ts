import { isIP } from 'node:net'
import { parseSpiffeId } from './spiffe.ts'

/** What a leaf is called. The first is the identity; the rest is for peers that check host names. */
export interface LeafNames {
  readonly spiffeId: string
  readonly dnsNames: readonly string[]
  readonly ipAddresses: readonly string[]
}

/** What an authority may call anybody. */
export interface NameLimits {
  readonly trustDomain: string
  /** Each with all that is below it; empty: any. */
  readonly dnsDomains: readonly string[]
}

/** Names of one kind in a certificate. */
export const MAX_NAMES = 32
const MAX_DNS_BYTES = 253
const LABEL = /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9])?$/
/** Names below it belong to mtlscope itself. */
const RESERVED_PATH = '/mtlscope/'

/** The identity of `mtlscope ca serve`. Nobody else gets it: clients give their token to whoever has it. */
export function authoritySpiffeId(trustDomain: string): string {
  return `spiffe://${trustDomain}${RESERVED_PATH}ca`
}

/** A host name in lower case, no wildcard, no dot at the end. Labels may begin with an underscore. */
export function isDnsName(text: string): boolean {
  return text.length <= MAX_DNS_BYTES && isIP(text) === 0 && text.split('.').every((label) => LABEL.test(label))
}

/** Why a leaf may not have these names, as the end of a sentence; undefined where it may. */
export function objectionToNames(names: LeafNames, limits: NameLimits): string | undefined {
  return objectionToId(names.spiffeId, limits.trustDomain) ?? objectionToHosts(names, limits.dnsDomains)
}

function objectionToId(spiffeId: string, trustDomain: string): string | undefined {
  const id = parseSpiffeId(spiffeId)
  if (id === undefined) return `not a SPIFFE ID: ${spiffeId}`
  if (id.trustDomain !== trustDomain) return `${spiffeId} is not in trust domain ${trustDomain}`
  // X509-SVID §2: without a path it names the trust domain, which only a CA may.
  if (id.path === '') return `${spiffeId} names a trust domain, not a workload`
  if (id.path.startsWith(RESERVED_PATH)) return `${spiffeId} is reserved for mtlscope itself`
  return undefined
}

/** The part that holds for mtlscope's own certificates, too. */
export function objectionToHosts({ dnsNames, ipAddresses }: Pick<LeafNames, 'dnsNames' | 'ipAddresses'>, dnsDomains: readonly string[]): string | undefined {
  if (dnsNames.length > MAX_NAMES || ipAddresses.length > MAX_NAMES) return `more than ${MAX_NAMES} names of a kind`
  const odd = dnsNames.find((name) => !isDnsName(name))
  if (odd !== undefined) return `not a DNS name in lower case without wildcards: ${odd}`
  const outside = dnsNames.find((name) => !isPermitted(name, dnsDomains))
  if (outside !== undefined) return `${outside} is not below ${dnsDomains.join(', ')}`
  const noAddress = ipAddresses.find((address) => isIP(address) === 0 || address.includes('%'))
  return noAddress === undefined ? undefined : `not an IP address: ${noAddress}`
}

/** RFC 5280 §4.2.1.10: a DNS constraint permits the name itself and whatever has labels before it. */
export function isPermitted(name: string, dnsDomains: readonly string[]): boolean {
  return dnsDomains.length === 0 || dnsDomains.some((domain) => name === domain || name.endsWith(`.${domain}`))
}
