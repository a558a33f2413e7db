import { MtlscopeError } from '../base/errors.ts'
import type { RedactionRules } from '../protocols/redaction.ts'
import { DEFAULT_REDACTION, NO_REDACTION } from '../protocols/redaction.ts'

const HINT = 'one of: header:NAME, param:NAME, text:REGEX'
/** The lists that a rule can add to, by the word before its colon. */
const LISTS = { header: 'headers', param: 'parameters', text: 'texts' } as const

/** Collects a repeatable option as it is: a comma may be part of a regular expression. `before` is false behind --no-redact. */
export function rule(text: string, before: readonly string[] | false = []): string[] {
  return [...before === false ? [] : before, text]
}

/** What `--redact` adds to the defaults; `false` (--no-redact) leaves nothing. Throws MtlscopeError 'usage' for a rule that is none. */
export function planRedaction(rules: readonly string[] | false | undefined): RedactionRules {
  if (rules === false) return NO_REDACTION
  const lists = { headers: [...DEFAULT_REDACTION.headers], parameters: [...DEFAULT_REDACTION.parameters], texts: [...DEFAULT_REDACTION.texts] }
  for (const text of rules ?? []) {
    const colon = text.indexOf(':')
    const kind = text.slice(0, Math.max(0, colon))
    const value = text.slice(colon + 1)
    if (kind !== 'header' && kind !== 'param' && kind !== 'text') refuse(text, 'it begins with none of the kinds')
    if (value === '') refuse(text, 'there is nothing behind its colon')
    if (kind === 'text') checkPattern(text, value)
    lists[LISTS[kind]].push(kind === 'text' ? value : value.toLowerCase())
  }
  return { credentials: DEFAULT_REDACTION.credentials, ...lists }
}

function checkPattern(rule: string, source: string): void {
  let pattern: RegExp
  try {
    pattern = new RegExp(source, 'giu')
  } catch (error) {
    // `Invalid regular expression: /(/giu: Unterminated group`
    const reason = (error as Error).message.split(`/${source}/giu: `).at(-1)!
    refuse(rule, reason[0]!.toLowerCase() + reason.slice(1), `${placeOf(source)}; the syntax is that of JavaScript's regular expressions`)
  }
  if (pattern.test('')) refuse(rule, 'it matches where nothing is', 'use + instead of *')
}

/** The engine does not tell where; the longest beginning that it accepts does mostly. */
function placeOf(source: string): string {
  for (let to = source.length - 1; to > 0; to--) {
    try {
      void new RegExp(source.slice(0, to), 'giu')
      return `understood up to character ${to}: ${source.slice(0, to)}`
    } catch {
      // Not yet.
    }
  }
  return 'not understood from its first character on'
}

function refuse(rule: string, why: string, hint = HINT): never {
  throw new MtlscopeError('usage', `not a redaction rule: ${rule}: ${why}`, { hint })
}
