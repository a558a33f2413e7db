import { alertName } from '../../protocols/tls/alerts.ts'
import { ALERT, isLikelyHeader } from '../../protocols/tls/record.ts'
import type { ProbeAttempt } from '../verdict.ts'
import type { PlaintextAttempt } from './plaintext-attempt.ts'

const ALERT_DESCRIPTION = 6
const ALERT_RECORD_BYTES = 7
const MAX_SHOWN = 60

/** @param tls the port is known to speak TLS, so that plaintext would be a second way in */
export function judgePlaintextAttempt(attempt: PlaintextAttempt, tls: boolean): ProbeAttempt {
  const { first, answer, serverEnd, error } = attempt
  if (isTls(first)) return said('refused', 'plaintext, nothing sent: the server speaks TLS at once')
  if (first.length > 0) return said('accepted', `plaintext, nothing sent: the server speaks first, and not in TLS: ${shown(first)}`)
  const sent = 'plaintext: the server waits; to a record that no TLS server takes for a beginning'
  if (isTlsAlert(answer)) {
    const alert = alertName(answer[ALERT_DESCRIPTION]!)
    return { ...said('refused', `${sent} it answers with the TLS alert ${alert}, so only TLS is read there`), alert }
  }
  if (isTls(answer)) return said('refused', `${sent} it answers in TLS`)
  if (answer.length > 0) return judgeAnswer(answer, sent, tls)
  if (error !== undefined && serverEnd === 'open') return said('unknown', `plaintext: no answer: ${error}`)
  if (serverEnd !== 'open') return said('unknown', `${sent} it closes the connection without a word, as servers of either kind may`)
  return said('unknown', `${sent} it says nothing and waits for more; a TLS server would not, but nothing proves that it takes plaintext`)
}

/** nginx says 400 in the clear on a port that serves TLS only; so does an HTTP server that takes plaintext. Only a request would tell, and none is sent. */
function judgeAnswer(answer: Uint8Array, sent: string, tls: boolean): ProbeAttempt {
  if (tls && /^HTTP\/1\.[01] 400/.test(latin1(answer))) {
    return said('unknown', `${sent} it answers in the clear with HTTP 400; some servers do so where they serve TLS only, and no request is sent to find out`)
  }
  return said('accepted', `${sent} it answers in the clear: ${shown(answer)}`)
}

function said(outcome: ProbeAttempt['outcome'], what: string): ProbeAttempt {
  return { kind: 'plaintext', outcome, what }
}

function isTls(bytes: Uint8Array): boolean {
  return bytes.length >= 6 && isLikelyHeader(bytes, 0)
}

function isTlsAlert(bytes: Uint8Array): boolean {
  return bytes.length >= ALERT_RECORD_BYTES && bytes[0] === ALERT && isLikelyHeader(bytes, 0)
}

/** The first line, with what is not printable as dots. */
function shown(bytes: Uint8Array): string {
  const line = latin1(bytes).split(/\r?\n/, 1)[0]!.replace(/[^\x20-\x7e]/g, '.')
  return line.length > MAX_SHOWN ? `${line.slice(0, MAX_SHOWN)}…` : line
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')
}
