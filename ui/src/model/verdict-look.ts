import type { CheckVerdict, WireVerdict } from '../../../src/model/api.ts'

export interface VerdictLook {
  readonly tone: string
  /** The word beside the sign. */
  readonly text: string
  /** The same where there is little room. */
  readonly short: string
  readonly line: 'double' | 'dotted' | 'single' | 'thin' | 'unknown'
  /** Ends: filled for one that proved who it is. */
  readonly left: 'full' | 'hollow' | 'none'
  readonly right: 'full' | 'hollow' | 'none'
}

const MTLS: VerdictLook = { tone: 'tone-green', text: 'mTLS', short: 'mTLS', line: 'double', left: 'full', right: 'full' }
const INFERRED: VerdictLook = { tone: 'tone-green', text: 'mTLS, inferred', short: 'mTLS', line: 'dotted', left: 'hollow', right: 'hollow' }
const ONE_WAY: VerdictLook = { tone: 'tone-amber', text: 'TLS, one way', short: 'TLS', line: 'double', left: 'hollow', right: 'full' }
const PLAINTEXT: VerdictLook = { tone: 'tone-red', text: 'clear on the wire', short: 'clear', line: 'single', left: 'none', right: 'none' }
const UNKNOWN: VerdictLook = { tone: 'tone-quiet', text: 'unknown', short: 'unknown', line: 'unknown', left: 'none', right: 'none' }

const LOOKS: Readonly<Record<WireVerdict | CheckVerdict, VerdictLook>> = {
  'mtls-seen': MTLS,
  'mtls': MTLS,
  'mtls-inferred': INFERRED,
  'tls-one-way': ONE_WAY,
  'tls': { tone: 'tone-quiet', text: 'TLS, its client not known', short: 'TLS', line: 'double', left: 'hollow', right: 'hollow' },
  'plaintext': PLAINTEXT,
  'mixed': { ...PLAINTEXT, text: 'mixed: some of it clear', short: 'mixed' },
  'clear': { tone: 'tone-quiet', text: 'clear, inside the pod', short: 'in the pod', line: 'thin', left: 'none', right: 'none' },
  'unknown': UNKNOWN,
}

/** In the words of `mtlscope check`, where `tls` means that the client showed no certificate. */
export function checkVerdictSign(verdict: CheckVerdict): WireVerdict | CheckVerdict {
  return verdict === 'tls' ? 'tls-one-way' : verdict
}

export function verdictShown(verdict: string | undefined): VerdictLook {
  return LOOKS[verdict as WireVerdict] ?? UNKNOWN
}
