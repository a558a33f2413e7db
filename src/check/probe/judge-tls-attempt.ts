import { CLIENT, SERVER } from '../../model/side.ts'
import type { Handshake } from '../../protocols/tls/handshake.ts'
import type { ProbeAttempt, ProbeKind } from '../verdict.ts'
import type { TlsAttempt } from './tls-attempt.ts'

/**
 * Alerts with which a server refuses a client for what it showed, or for showing nothing (RFC 8446 §6.2; before TLS 1.3 a missing
 * certificate is a handshake_failure, RFC 5246 §7.4.6). They count only where the server had asked for a certificate.
 */
const REFUSALS = new Set([
  'certificate_required', 'no_certificate', 'bad_certificate', 'unsupported_certificate', 'certificate_unknown', 'unknown_ca',
  'certificate_expired', 'certificate_revoked', 'access_denied', 'handshake_failure', 'bad_certificate_hash_value',
])

export interface TlsProbeAttempt extends ProbeAttempt {
  /** The server asked for a certificate (CertificateRequest). Undefined where its answer was not seen so far. */
  readonly requested?: boolean
}

/** What a TLS connection of the probe says of the server. Only an alert about certificates, of a server that asked for one, is a refusal. */
export function judgeTlsAttempt(kind: Exclude<ProbeKind, 'plaintext'>, version: string, attempt: TlsAttempt): TlsProbeAttempt {
  const requested = requestedIn(attempt)
  const showed = kind === 'no-certificate' ? 'without a certificate' : 'with a certificate of an unknown issuer'
  const { outcome, what } = judge(attempt, requested)
  return {
    kind, version, outcome, what: `${version} ${showed}: ${what}`,
    ...(attempt.alert !== undefined && { alert: attempt.alert }), ...(requested !== undefined && { requested }),
  }
}

function judge(attempt: TlsAttempt, requested: boolean | undefined): Pick<ProbeAttempt, 'outcome' | 'what'> {
  const { alert, secured, serverEnd, answered, error } = attempt
  if (alert !== undefined) return judgeAlert(alert, requested)
  if (!answered) return { outcome: 'unknown', what: silence(attempt) }
  if (attempt.handshake?.serverHello === undefined) return { outcome: 'unknown', what: 'the server does not answer in TLS' }
  if (!secured) return { outcome: 'unknown', what: `the handshake came to no end${error === undefined ? '' : ` (${error})`}, and the server said no reason` }
  if (serverEnd !== 'open') return { outcome: 'unknown', what: 'the server ended the connection after the handshake without an alert' }
  const after = `the server kept the connection for ${(attempt.settledMs / 1000).toFixed(1)} s after the handshake`
  if (requested === false) return { outcome: 'accepted', what: `${after}; it did not ask for a certificate` }
  return { outcome: 'accepted', what: `${after}; it ${requested === true ? 'asked for a certificate and does not insist on one that it knows' : 'may have asked for a certificate'}` }
}

function judgeAlert(alert: string, requested: boolean | undefined): Pick<ProbeAttempt, 'outcome' | 'what'> {
  if (requested === true && REFUSALS.has(alert)) return { outcome: 'refused', what: `the server asked for a certificate and refused with ${alert}` }
  const why = requested === true ? 'which is not about the certificate' : 'and had not asked for a certificate'
  return { outcome: 'unknown', what: `the server ended it with ${alert}, ${why}` }
}

function silence({ error, serverEnd }: TlsAttempt): string {
  if (error !== undefined) return `no answer: ${error}`
  return serverEnd === 'open' ? 'no answer in time' : 'the server closed the connection without a word'
}

/** It got as far as to a ServerHello, or to an alert. */
export function speaksTls({ handshake, alert }: TlsAttempt): boolean {
  return handshake?.serverHello !== undefined || alert !== undefined
}

/** Before TLS 1.3 the ServerHelloDone, after it the decrypted Finished says that there was no request. */
function requestedIn({ handshake }: TlsAttempt): boolean | undefined {
  if (handshake === undefined) return undefined
  if (handshake.certificateRequest !== undefined) return true
  return hasWholeServerFlight(handshake) ? false : undefined
}

function hasWholeServerFlight(handshake: Handshake): boolean {
  if (!handshake.tls13) return handshake.serverHelloDone
  return handshake.decrypted && handshake.sides[SERVER].finished && handshake.sides[CLIENT].lostBytes === 0
}
