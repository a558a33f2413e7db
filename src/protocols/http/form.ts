import type { Redactor } from '../redaction.ts'
import { REDACTED } from '../redaction.ts'
import { MAX_FORM_FIELDS } from './limits.ts'

export interface FormField { name: string, value: string }

/** The fields of an application/x-www-form-urlencoded text, decoded and redacted; at most MAX_FORM_FIELDS. Undefined where it is none. */
export function parseForm(text: string, redactor: Redactor): FormField[] | undefined {
  if (!text.includes('=')) return undefined
  return text.split('&', MAX_FORM_FIELDS).filter((pair) => pair !== '').map((pair) => fieldOf(pair, redactor))
}

export function isFormTooLong(text: string): boolean {
  return text.split('&', MAX_FORM_FIELDS + 1).length > MAX_FORM_FIELDS
}

function fieldOf(pair: string, redactor: Redactor): FormField {
  const equals = pair.indexOf('=')
  const name = equals < 0 ? pair : pair.slice(0, equals)
  const value = equals < 0 ? '' : pair.slice(equals + 1)
  return { name: redactor.text(decoded(name)), value: redactor.hidesParameter(name) ? REDACTED : redactor.text(decoded(value)) }
}

/** As it stands where its percent-encoding is none of UTF-8. */
function decoded(text: string): string {
  const spaced = text.replaceAll('+', ' ')
  if (!spaced.includes('%')) return spaced
  try {
    return decodeURIComponent(spaced)
  } catch {
    return spaced
  }
}
