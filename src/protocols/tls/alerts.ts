import { hexText } from './code-points.ts'

/** IANA registry "TLS Alerts", by number. */
const ALERTS: Readonly<Record<number, string>> = {
  0: 'close_notify', 1: 'end_of_early_data', 10: 'unexpected_message', 20: 'bad_record_mac', 21: 'decryption_failed',
  22: 'record_overflow', 30: 'decompression_failure', 40: 'handshake_failure', 41: 'no_certificate', 42: 'bad_certificate',
  43: 'unsupported_certificate', 44: 'certificate_revoked', 45: 'certificate_expired', 46: 'certificate_unknown',
  47: 'illegal_parameter', 48: 'unknown_ca', 49: 'access_denied', 50: 'decode_error', 51: 'decrypt_error',
  52: 'too_many_cids_requested', 60: 'export_restriction', 70: 'protocol_version', 71: 'insufficient_security', 80: 'internal_error',
  86: 'inappropriate_fallback', 90: 'user_canceled', 100: 'no_renegotiation', 109: 'missing_extension', 110: 'unsupported_extension',
  111: 'certificate_unobtainable', 112: 'unrecognized_name', 113: 'bad_certificate_status_response',
  114: 'bad_certificate_hash_value', 115: 'unknown_psk_identity', 116: 'certificate_required', 117: 'general_error',
  120: 'no_application_protocol', 121: 'ech_required',
}

export const CLOSE_NOTIFY = 0
const NO_CERTIFICATE = 41
const USER_CANCELED = 90
const LEVELS = ['', 'warning', 'fatal']
export const FATAL = 2

export function alertName(description: number): string {
  return ALERTS[description] ?? hexText(description, 2)
}

export function alertLevelName(level: number): string {
  return LEVELS[level] || hexText(level, 2)
}

/** In TLS 1.3 the level says nothing: all but the closing ones are fatal (RFC 8446 §6). */
export function isFatal(level: number, description: number, tls13: boolean): boolean {
  if (description === CLOSE_NOTIFY || description === USER_CANCELED) return false
  if (description === NO_CERTIFICATE && level !== FATAL) return false
  return tls13 || level === FATAL
}
