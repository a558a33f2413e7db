import type { Message } from '../model/message.ts'

/** Header, level, description, content type and tag of an alert under TLS 1.3 (RFC 8446 §5.2, §6); two bytes of data are as long. */
const MAX_ALERT_BYTES = 5 + 2 + 1 + 16
/** Before TLS 1.3 the type of the record says that it is an alert: with an initialisation vector, SHA-384 and padding of CBC. */
const MAX_OLD_ALERT_BYTES = 5 + 16 + 64

/** What is known of one side of a connection that is closed: docs/protocols/tls.md. */
interface ClosedSide { readonly kind?: unknown, readonly records?: unknown, readonly bytes?: unknown, readonly streamBytes?: unknown, readonly handshakeRecords?: unknown, readonly lostBytes?: unknown, readonly unreadBytes?: unknown }

/** The end of a TLS connection in which neither side was seen to say more than an alert takes: no data crossed it, or two bytes of it each way. */
export function isEnding({ protocol, request, response }: Message): boolean {
  return protocol === 'tls' && saidNothing(request as ClosedSide | undefined) && saidNothing(response as ClosedSide | undefined)
}

function saidNothing(side: ClosedSide | undefined): boolean {
  if (side?.kind !== 'closed' || side.handshakeRecords !== undefined || side.lostBytes !== undefined || side.unreadBytes !== undefined) return false
  if (side.records === 0) return typeof side.streamBytes === 'number' && side.streamBytes <= MAX_OLD_ALERT_BYTES
  return side.records === 1 && side.bytes === side.streamBytes && typeof side.bytes === 'number' && side.bytes <= MAX_ALERT_BYTES
}
