/** Counters since the start, unless said otherwise. */
export interface RelayMetrics {
  /** Open now. */
  readonly active: number
  readonly inboundMtls: number
  readonly inboundTls: number
  readonly inboundPlaintext: number
  readonly outboundMtls: number
  readonly outboundPlaintext: number
  /** Plaintext bytes from clients to servers, and back. */
  readonly inboundBytesSent: number
  readonly inboundBytesReceived: number
  readonly outboundBytesSent: number
  readonly outboundBytesReceived: number
  readonly handshakes: number
  /** Of these. */
  readonly resumedHandshakes: number
  readonly handshakesFailed: number
  readonly handshakeTimeouts: number
  readonly identitiesRefused: number
  readonly destinationsDenied: number
  readonly selfCalls: number
  readonly connectsFailed: number
  readonly connectTimeouts: number
  readonly unresolved: number
  readonly idleTimeouts: number
  readonly resets: number
  readonly truncated: number
  readonly refusedForLimit: number
  readonly refusedForDescriptors: number
  /** That passed while a tap was on and could not keep up. */
  readonly tapDroppedBytes: number
  /** Open now, those that were accepted and those that were opened. */
  readonly tunnels: number
  readonly tunnelsOpened: number
  /** Ended because the other side breached the protocol. */
  readonly tunnelsBroken: number
  /** A bug where it is not 0. */
  readonly threadsFailed: number
}
