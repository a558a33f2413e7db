import type { PortMode } from '../sidecar-plan.ts'

/** Why a connection is over. `client` is who opened it, `server` whom it went to, whichever side of the sidecar they are on. */
export type CloseReason =
  /** Both sides said that they are done, and everything was handed over. */
  | 'finished'
  | 'client-reset' | 'server-reset'
  /** TLS ended without close_notify: what came may be cut, so the other side gets a reset (RFC 8446 §6.1). */
  | 'client-truncated' | 'server-truncated'
  /** A record that does not decrypt, or another breach of TLS after the handshake. */
  | 'client-broken' | 'server-broken'
  | 'connect-refused' | 'connect-timeout' | 'connect-failed'
  /** The name of the destination has no address (yet). */
  | 'unresolved'
  /** The TLS handshake with the client or server failed; `detail` has OpenSSL's reason. */
  | 'handshake-failed'
  | 'handshake-timeout'
  /** The certificate holds, but its identity may not call this port, or is not the one expected of this destination. */
  | 'identity-refused'
  /** outbound.default is `deny`. */
  | 'destination-denied'
  /** Its destination was a port of the sidecar itself. */
  | 'self-call'
  /** Nothing came or went for limits.idleTimeoutMs. */
  | 'idle'
  /** Refused at once: limits.connections, or no file descriptor left. */
  | 'limit' | 'descriptors'
  /** Cut off because the drain's time was over, or the relay was closed. */
  | 'drained'

export type Direction = 'inbound' | 'outbound'

/** How the bytes travel between the sidecars. `plaintext` also where a permissive or passed-through connection is in the clear. */
export type Security = 'mtls' | 'tls' | 'plaintext'

/** Addresses are `10.1.2.3:8080`, `[fd00::1]:8080`. */
export interface ConnectionInfo {
  /** Unique within the relay's life. */
  readonly id: number
  readonly direction: Direction
  /** The mode of the inbound port; undefined for outbound. */
  readonly mode: PortMode | undefined
  /** Undefined until that is known. */
  readonly security: Security | undefined
  readonly client: string
  /** Where it was going; empty while unknown. */
  readonly destination: string
  /** Proven by the certificate of each end; undefined where it showed none. */
  readonly clientIdentity: string | undefined
  readonly serverIdentity: string | undefined
  /** Plaintext bytes from client to server, and back. */
  readonly bytesSent: number
  readonly bytesReceived: number
  /** Since 1970. */
  readonly openedAtMs: number
  /** `TLSv1.3`; undefined in the clear. */
  readonly tlsVersion: string | undefined
  readonly resumed: boolean
}

export interface FinishedConnection extends ConnectionInfo {
  readonly durationMs: number
  readonly reason: CloseReason
  /** What OpenSSL or the kernel said, for people; empty where there is nothing to say. */
  readonly detail: string
}
