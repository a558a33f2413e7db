/** How long a probe waits for what. */
export interface ProbeBounds {
  /** For a handshake, from the first packet on. */
  readonly handshakeMs: number
  /**
   * Under TLS 1.3 the client is done before the server has looked at its certificate (RFC 8446 §4.4.2.4 and appendix E.1.2), so a
   * refusal comes after the handshake.
   */
  readonly settleMs: number
  /** A server that speaks first (SMTP, MySQL, SSH) does so at once. */
  readonly serverFirstMs: number
  readonly answerMs: number
}

export const DEFAULT_BOUNDS: ProbeBounds = { handshakeMs: 5000, settleMs: 1500, serverFirstMs: 700, answerMs: 1500 }
