/** What one side sent behind the handshake. Sizes include the record headers. */
export class Traffic {
  records = 0
  bytes = 0
  /** Size of the last record of application data. */
  lastBytes = 0
  /** An alert in the clear, or one that the record type gives away (TLS 1.2 and before). */
  alert: string | undefined
  /** First byte of an alert in the clear whose second is still to come; -1 between alerts. */
  alertLevel = -1
  /** Handshake records under encryption: renegotiation, or late tickets. */
  handshakeRecords = 0
  heartbeats = 0
  /** Decrypted: application data, what the handshake is followed by, and what did not authenticate. */
  decryptedBytes = 0
  tickets = 0
  keyUpdates = 0
  undecrypted = 0
  lostBytes = 0
  /** Bytes in which no record could be found. */
  unreadBytes = 0
  /** This side ended its stream inside a record. */
  cutBytes = 0
  ended = false

  application(sizeBytes: number): void {
    this.records++
    this.bytes += sizeBytes
    this.lastBytes = sizeBytes
  }
}
