import type { Outcome } from '../../model/message.ts'

/** RFC 6455 §7.4.1 and the IANA registry. */
const NAMES: ReadonlyMap<number, string> = new Map([
  [1000, 'normal closure'], [1001, 'going away'], [1002, 'protocol error'], [1003, 'unsupported data'], [1005, 'no status received'],
  [1006, 'abnormal closure'], [1007, 'invalid payload data'], [1008, 'policy violation'], [1009, 'message too big'], [1010, 'mandatory extension'],
  [1011, 'internal error'], [1012, 'service restart'], [1013, 'try again later'], [1014, 'bad gateway'], [1015, 'TLS handshake'],
  [3000, 'unauthorized'], [3003, 'forbidden'], [3008, 'timeout'],
])

export function closeName(code: number): string | undefined {
  return NAMES.get(code)
}

export function closeOutcome(code: number | undefined): Outcome {
  if (code === undefined || code === 1000 || code === 1001 || code === 1005) return 'ok'
  return code >= 1011 && code <= 1014 ? 'server-error' : 'client-error'
}
