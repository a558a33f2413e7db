import type { Outcome } from '../../model/message.ts'
import { textOfCut } from '../sql/byte-text.ts'
import { shownError } from '../sql/statement-text.ts'
import type { Redactor } from '../redaction.ts'

/** Field codes of ErrorResponse and NoticeResponse (§ protocol-error-fields). */
const FIELDS: Record<string, string> = {
  V: 'severity', C: 'code', M: 'message', D: 'detail', H: 'hint', P: 'position', p: 'internalPosition', q: 'internalQuery', W: 'where',
  s: 'schema', t: 'table', c: 'column', d: 'dataType', n: 'constraint', F: 'file', L: 'line', R: 'routine',
}
const NUMBERS = new Set(['position', 'internalPosition', 'line'])
/** Not from values of the rows or statements. */
const PLAIN = new Set(['severity', 'code', 'position', 'internalPosition', 'file', 'line', 'routine'])

/** One field of the kept body; undefined where it lacks it. */
export function errorField(body: string, code: string): string | undefined {
  for (let at = 0; at < body.length && body[at] !== '\0';) {
    const end = endOfText(body, at + 1)
    if (body[at] === code) return textOfCut(body.slice(at + 1, end))
    at = end + 1
  }
  return undefined
}

/** All fields by their names. The severity in English where the server sends it so (since 9.6). */
export function errorView(body: string, redactor: Redactor): object {
  const view: Record<string, string | number> = {}
  for (let at = 0; at < body.length && body[at] !== '\0';) {
    const end = endOfText(body, at + 1)
    const name = FIELDS[body[at]!] ?? (body[at] === 'S' ? 'severity' : undefined)
    const text = textOfCut(body.slice(at + 1, end))
    if (name !== undefined && (body[at] !== 'S' || view[name] === undefined)) {
      if (NUMBERS.has(name) && /^\d{1,9}$/.test(text)) view[name] = Number(text)
      else view[name] = PLAIN.has(name) ? text : shownError(text, redactor, 'postgres')
    }
    at = end + 1
  }
  return view
}

function endOfText(body: string, from: number): number {
  const end = body.indexOf('\0', from)
  return end < 0 ? body.length : end
}

/**
 * Classes of SQLSTATE whose cause is the server or its state: connection (08), rolled back, as by a deadlock (40), resources (53), operator (57),
 * system (58), snapshots (72), configuration (F0), foreign data (HV), internal (XX).
 */
const SERVER_CLASSES = new Set(['08', '40', '53', '57', '58', '72', 'F0', 'HV', 'XX'])

export function outcomeOf(sqlState: string): Outcome {
  const kind = sqlState.slice(0, 2)
  if (kind === '00' || kind === '01' || kind === '02') return 'ok'
  return SERVER_CLASSES.has(kind) ? 'server-error' : 'client-error'
}
