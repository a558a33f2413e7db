import { CertificateAuthority } from '../../identity/ca.ts'

const HOUR_MS = 3_600_000
/** Reserved: nobody has it (RFC 2606 §2). */
const TRUST_DOMAIN = 'mtlscope-probe.invalid'

export interface ForeignIdentity { readonly cert: string, readonly key: string }

let made: Promise<ForeignIdentity> | undefined

/** A certificate of an issuer that nobody trusts, whose key never leaves this process. The same for the whole run. */
export function foreignIdentity(): Promise<ForeignIdentity> {
  return made ??= makeIdentity(Date.now())
}

async function makeIdentity(nowMs: number): Promise<ForeignIdentity> {
  const validity = { notBefore: new Date(nowMs - HOUR_MS), notAfter: new Date(nowMs + 24 * HOUR_MS) }
  const authority = await CertificateAuthority.create(TRUST_DOMAIN, validity)
  const { certificatePem, privateKeyPem } = await authority.issue({ spiffeId: `spiffe://${TRUST_DOMAIN}/probe`, dnsNames: ['mtlscope-probe.invalid'], ...validity })
  return { cert: certificatePem, key: privateKeyPem }
}
