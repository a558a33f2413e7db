import { CLIENT, SERVER } from '../../model/side.ts'
import type { Message } from '../../model/message.ts'
import type { Sink } from '../../protocols/protocol.ts'
import { DEFAULT_SETTINGS } from '../../protocols/protocol.ts'
import { ClosedMessage } from '../../protocols/tls/closed-message.ts'
import type { Handshake } from '../../protocols/tls/handshake.ts'
import { HandshakeMessage } from '../../protocols/tls/handshake-message.ts'
import { TLS_KEY_LOG, TlsSecrets } from '../../protocols/tls/secrets.ts'
import { tls } from '../../protocols/tls/tls.ts'
import type { RecordedChunk } from './recording.ts'

/** A closing that was no alert is told in words. */
const ALERT_NAME = /^(?:[a-z]+(?:_[a-z]+)+|0x[0-9a-f]+)$/

/** What our own dissector read of a recorded connection, with the secrets that our end of it had. */
export interface ReadRecording {
  readonly handshake: Handshake | undefined
  /** Name of the fatal alert that the server sent, whenever it did. */
  readonly alert: string | undefined
}

/** @param keyLog lines of SSLKEYLOGFILE for this connection */
export function readRecording(chunks: readonly RecordedChunk[], keyLog: string): ReadRecording {
  const secrets = new TlsSecrets()
  secrets.block(TLS_KEY_LOG, Buffer.from(keyLog))
  const messages: Message[] = []
  const sink: Sink = { message: (m) => { messages.push(m) }, malformed: () => {}, switchTo: () => {}, disown: () => {} }
  const dissector = tls.open(sink, { ...DEFAULT_SETTINGS, secrets: secrets.desk() })
  let at = 1
  for (const { side, bytes } of chunks) dissector.data(side, bytes, at++)
  for (const side of [CLIENT, SERVER] as const) dissector.end(side, at++)
  const handshake = messages.find((m) => m instanceof HandshakeMessage)?.handshake
  return { handshake, alert: alertOf(handshake, messages.find((m) => m instanceof ClosedMessage)) }
}

function alertOf(handshake: Handshake | undefined, closed: ClosedMessage | undefined): string | undefined {
  if (handshake?.failure?.side === SERVER) return handshake.failure.status
  const { close } = (closed?.response ?? {}) as { close?: string }
  return close !== undefined && ALERT_NAME.test(close) && close !== 'close_notify' ? close : undefined
}
