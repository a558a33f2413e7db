import type { ReportedHop } from '../verdict.ts'

const LINES: Readonly<Record<ReportedHop['kind'], string>> = { clear: '→', tls: '═', plain: '─' }

/** `app → proxy ═ TLS 1.3 ═ proxy → app`. */
export function pathText(path: readonly ReportedHop[]): string {
  const [first] = path
  if (first === undefined) return ''
  return path.reduce((text, { kind, to, what }) => `${text} ${kind === 'clear' ? LINES.clear : `${LINES[kind]} ${what} ${LINES[kind]}`} ${to}`, first.from)
}
