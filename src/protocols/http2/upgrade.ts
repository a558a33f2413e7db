import { Buffer } from 'node:buffer'
import { headerValue } from '../http/headers.ts'
import type { Handover } from '../protocol.ts'
import { Half } from './half.ts'
import { HeaderField } from './header-field.ts'
import { MAX_CONTROL_BYTES } from './limits.ts'
import { NO_HEAD } from './notes.ts'

/** Of HTTP/1.1 only. */
const HOP_BY_HOP: ReadonlySet<string> = new Set(['connection', 'upgrade', 'http2-settings', 'host', 'keep-alive', 'transfer-encoding'])

/** The request of stream 1, as HTTP/2 would have had it. */
export function upgradedRequest(handover: Handover): Half {
  const half = new Half(true, handover.atMicros)
  if (handover.method === '') half.bits |= NO_HEAD
  else half.takeHead(fieldsOf(handover))
  return half
}

function fieldsOf({ method, target, requestHeaders }: Handover): HeaderField[] {
  const fields = [field(':method', method), field(':scheme', 'http'), field(':authority', headerValue(requestHeaders, 'host')), field(':path', target)]
  for (const { name, value } of requestHeaders) {
    const lower = name.toLowerCase()
    if (!HOP_BY_HOP.has(lower)) fields.push(field(lower, value))
  }
  return fields
}

/** Fields have one character a byte. */
function field(name: string, value: string): HeaderField {
  return new HeaderField(name, Buffer.from(value, 'utf8').toString('latin1'), name.length, value.length, false)
}

/** The payload of the client's SETTINGS in the header HTTP2-Settings (RFC 7540 §3.2.1). */
export function upgradedSettings({ requestHeaders }: Handover): Uint8Array {
  return Buffer.from(headerValue(requestHeaders, 'http2-settings').slice(0, MAX_CONTROL_BYTES), 'base64url')
}
