import { MtlscopeError } from '../base/errors.ts'
import { parseCertificates } from './material.ts'
import { parseServiceAccount, spiffeIdOfAccount } from './service-account.ts'
import { parseSpiffeId } from './spiffe.ts'
import { parseTokenClaims } from './token-claims.ts'

/**
 * The identity that the CA of a cluster gives for this token: that of its service account, in the trust domain of the bundle's roots. Throws 'bad-identity'
 * where the token names no account, or the roots no trust domain or several.
 */
export function spiffeIdOfToken(token: string, bundlePem: string): string {
  const account = parseServiceAccount(parseTokenClaims(token)?.subject ?? '')
  if (account === undefined) throw new MtlscopeError('bad-identity', 'the token names no service account', { hint: 'say which identity it is for: spiffeId' })
  const domains = new Set(parseCertificates(bundlePem, 'the trust bundle').flatMap(({ subjectAltName }) => trustDomainsOf(subjectAltName ?? '')))
  const [trustDomain] = domains
  if (trustDomain === undefined || domains.size > 1) throw new MtlscopeError('bad-identity', `the roots of the trust bundle name ${domains.size} trust domains`, { hint: 'say which identity the token is for: spiffeId' })
  return spiffeIdOfAccount(account, trustDomain)
}

function trustDomainsOf(subjectAltName: string): string[] {
  return subjectAltName.split(', ').flatMap((name) => {
    const id = name.startsWith('URI:') ? parseSpiffeId(name.slice('URI:'.length)) : undefined
    return id?.path === '' ? [id.trustDomain] : []
  })
}
