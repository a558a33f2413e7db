import type { EdgeVerdict, Evidence, PeerIdentity } from '../verdict.ts'

export type Colour = 'green' | 'amber' | 'red' | 'grey' | 'bold'

/** The sign of each verdict, so that nothing rests on colour or word alone. */
export const SIGNS: Readonly<Record<EdgeVerdict, { readonly sign: string, readonly colour: Colour, readonly label: string }>> = {
  'mtls': { sign: '●═●', colour: 'green', label: 'mtls' },
  'mtls (inferred)': { sign: '◌═●', colour: 'green', label: 'mtls (inferred)' },
  'tls': { sign: '○═●', colour: 'amber', label: 'tls' },
  'plaintext': { sign: '───', colour: 'red', label: 'plaintext' },
  'mixed': { sign: '●─○', colour: 'red', label: 'mixed' },
  'unknown': { sign: ' ? ', colour: 'grey', label: 'unknown' },
}

/** 10000-01-01, in microseconds: a forged capture may claim later. */
const LAST_MICROS = 253_402_300_800 * 1e6

/** RFC 3339 in UTC with microseconds. */
export function instantText(atMicros: number): string {
  const at = atMicros >= 0 && atMicros < LAST_MICROS ? Math.floor(atMicros) : 0
  return `${new Date(Math.floor(at / 1e6) * 1000).toISOString().slice(0, -4)}${String(at % 1e6).padStart(6, '0')}Z`
}

/** `frame 4, 12:03:41.201004Z`; empty where neither is known. */
export function placeText({ frame, atMicros }: Pick<Evidence, 'frame' | 'atMicros'>): string {
  const parts: string[] = []
  if (frame !== undefined) parts.push(`frame ${frame}`)
  if (atMicros !== undefined) parts.push(instantText(atMicros).slice(11))
  return parts.join(', ')
}

export function identityText(identity: PeerIdentity): string {
  const { spiffeId, subject, names, issuer, notAfter, proved } = identity
  const who = spiffeId ?? (subject === undefined || subject === '' ? names?.[0] : subject) ?? 'a certificate without a name'
  const parts = [who]
  if (issuer !== undefined && issuer !== '') parts.push(`issued by ${issuer}`)
  if (notAfter !== undefined) parts.push(`until ${notAfter}`)
  if (proved) parts.push('proved by its signature')
  return parts.join(', ')
}

/** Name of the style of a verdict: `v-mtls-inferred`. */
export function classOf(verdict: EdgeVerdict): string {
  return `v-${verdict.replace(/[^a-z]+/g, '-').replace(/-$/, '')}`
}
