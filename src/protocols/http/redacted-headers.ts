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
  if (!redactor.changesTargets && !headers.some((header) => isTouched(header, redactor, mayBeBroken))) return headers
  return headers.map((header) => redacted(header, redactor))
}

function isTouched(header: Header, redactor: Redactor, mayBeBroken: boolean): boolean {
  return (mayBeBroken ? hides(header.name, redactor) : redactor.hidesHeader(header.name)) || mayName(header, redactor)
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
  const shown = withoutCredentials(header, redactor)
  return redactor.changesTargets ? { name: redactor.target(name), value: redactor.target(shown) } : shown === value ? header : { name, value: shown }
}

/** What a WebSocket of Kubernetes has instead of Authorization, among its subprotocols. */
const BEARER_PROTOCOL = /(\bbase64url\.bearer\.authorization\.k8s\.io\.)[^\s,]+/g

/** A value that is to be shown may hold user information, or a token. */
function mayName({ value }: Header, redactor: Redactor): boolean {
  return redactor.credentials && (value.includes('@') || value.includes('.bearer.') || value.includes('%40'))
}

function withoutCredentials(header: Header, redactor: Redactor): string {
  const { name, value } = header
  if (!mayName(header, redactor)) return value
  const shown = name.toLowerCase() === 'host' ? redactor.authority(value) : redactor.urls(value)
  return shown.replace(BEARER_PROTOCOL, `$1${REDACTED}`)
}
