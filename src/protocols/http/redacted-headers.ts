import type { Redactor } from '../redaction.ts'
import { REDACTED } from '../redaction.ts'
import type { Header } from './headers.ts'

/** What stands in no name of a field, so that what is before it may be one whose colon is missing. */
const NO_NAME = /[\s=;,"]/

/**
 * The header fields as they may be shown: values of hidden ones replaced, and in the others what is hidden in targets
 * (Referer, Location) and texts. The same array where nothing is to be changed.
 * `mayBeBroken`: lines without a valid name may be among them; HTTP/1 only.
 */
export function redactedHeaders(headers: readonly Header[], redactor: Redactor, mayBeBroken = false): readonly Header[] {
  if (!redactor.changesTargets && !headers.some(({ name }) => mayBeBroken ? hides(name, redactor) : redactor.hidesHeader(name))) return headers
  return headers.map((header) => redacted(header, redactor))
}

/** A line without its colon that begins with a hidden name may well go on with what is to be hidden. */
function hides(name: string, redactor: Redactor): boolean {
  return redactor.hidesHeader(name) || (NO_NAME.test(name) && redactor.hidesHeader(name.split(NO_NAME, 1)[0]!))
}

function redacted(header: Header, redactor: Redactor): Header {
  const { name, value } = header
  const hidden = value === '' ? '' : REDACTED
  if (redactor.hidesHeader(name)) return { name, value: hidden }
  if (hides(name, redactor)) return { name: `${name.split(NO_NAME, 1)[0]!} ${REDACTED}`, value: hidden }
  return redactor.changesTargets ? { name: redactor.target(name), value: redactor.target(value) } : header
}
