import type { Outcome } from '../../model/message.ts'
import { textOf } from '../sql/byte-text.ts'
import type { Redactor } from '../redaction.ts'
import { shownError } from '../sql/statement-text.ts'
import { PacketReader } from './packet-reader.ts'

export interface SqlError { readonly code: number, readonly sqlState: string | undefined, readonly message: string }

/** An ERR packet. Before the handshake it has no SQLSTATE. */
export function parseError(body: string): SqlError {
  const reader = new PacketReader(body, 1)
  const code = reader.u16()
  const hasState = body[3] === '#'
  const sqlState = hasState ? reader.take(6).slice(1) : undefined
  return { code, sqlState, message: textOf(reader.rest()) }
}

export function errorView(body: string, redactor: Redactor): object {
  const { code, sqlState, message } = parseError(body)
  return { code, sqlState, message: shownError(message, redactor, 'mysql') }
}

/** Classes of SQLSTATE whose cause is the server or its state: connection (08), rolled back (40), interrupted (70), XA, and what has no better one (HY). */
const SERVER_CLASSES = new Set(['08', '40', '70', 'XA', 'HY'])
/** Errors of HY000 that a statement causes: unknown variables, threads and collations, values that do not fit, what is not allowed. */
const CLIENT_CODES = new Set([
  1094, 1193, 1210, 1221, 1238, 1243, 1265, 1267, 1270, 1271, 1273, 1292, 1300, 1348, 1362, 1364, 1366, 1396, 1411, 1418, 1442, 1525, 3140, 3819, 4025,
])

export function outcomeOf({ code, sqlState }: SqlError): Outcome {
  if (CLIENT_CODES.has(code)) return 'client-error'
  return SERVER_CLASSES.has((sqlState ?? 'HY000').slice(0, 2)) ? 'server-error' : 'client-error'
}
