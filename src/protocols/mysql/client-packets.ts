import { latin1 } from '../http/bytes.ts'
import { MIN_STATEMENT_BYTES } from '../sql/limits.ts'
import { CHANGE_USER, LOGIN, fitsCommand } from './commands.ts'
import type { MysqlConnection } from './connection.ts'
import { MAX_SMALL_BYTES } from './limits.ts'
import type { PacketOwner } from './packet-side.ts'
import { isCommandChunk } from './probe.ts'

/** What a client sends: a login, then commands, and what those ask for. */
export class ClientPackets implements PacketOwner {
  readonly #connection: MysqlConnection
  readonly #limitBytes: number

  constructor(connection: MysqlConnection, limitBytes: number) {
    this.#connection = connection
    this.#limitBytes = limitBytes
  }

  wanted(sizeBytes: number, sequence: number): number {
    const connection = this.#connection
    if (connection.isLoggingIn && sequence > 0) {
      if (connection.head !== undefined || sizeBytes >= 6) return MAX_SMALL_BYTES
      connection.refuse(true, 'no login where one must be')
      return -1
    }
    if (sequence === 0 && sizeBytes > 0) return Math.max(this.#limitBytes, MIN_STATEMENT_BYTES)
    const { head } = connection
    if (head?.code === CHANGE_USER) return MAX_SMALL_BYTES
    if (head?.result?.infile !== undefined) return 0
    connection.refuse(true, 'no command where one must begin')
    return -1
  }

  packet(bytes: Uint8Array, from: number, to: number, sizeBytes: number, sequence: number): void {
    const connection = this.#connection
    if (sequence === 0) {
      if (!fitsCommand(bytes[from]!, sizeBytes)) connection.refuse(true, 'no command where one must begin')
      else connection.command(bytes[from]!, latin1(bytes, from, to), sizeBytes)
      return
    }
    const { head } = connection
    if (connection.isLoggingIn && head === undefined) connection.login(latin1(bytes, from, to), sizeBytes)
    else if (head !== undefined && (head.code === LOGIN || head.code === CHANGE_USER)) connection.piece(latin1(bytes, from, to))
    else if (head?.result !== undefined) head.result.infileBytes += sizeBytes
  }

  continued(sizeBytes: number): void {
    this.#connection.requestContinued(sizeBytes)
  }

  lost(): void {
    this.#connection.lostRequests()
  }

  search(chunk: Uint8Array): number {
    return isCommandChunk(chunk) ? 0 : -1
  }

  left(rest: Uint8Array): void {
    this.#connection.handOver(rest)
  }

  broken(what: string): void {
    this.#connection.malformed(true, what)
  }
}
