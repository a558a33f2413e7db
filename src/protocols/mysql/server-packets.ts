import { latin1 } from '../http/bytes.ts'
import { CURSOR_EXISTS, DEPRECATE_EOF, MARIADB_CACHE_METADATA, MORE_RESULTS, OPTIONAL_METADATA } from './capabilities.ts'
import type { Command } from './command.ts'
import { BINLOG_DUMP, BINLOG_DUMP_GTID, CHANGE_USER, FIELD_LIST, LOGIN, PROCESS_INFO, QUERY, STATISTICS, STMT_BULK_EXECUTE, STMT_EXECUTE, STMT_FETCH, STMT_PREPARE, TABLE_DUMP } from './commands.ts'
import type { MysqlConnection } from './connection.ts'
import { FULL_PACKET_BYTES, MAX_COLUMNS, MAX_COLUMN_BYTES, MAX_SMALL_BYTES, ROW_LOOK_BYTES } from './limits.ts'
import { COLUMNS_CUT, NOT_FITTING } from './notes.ts'
import type { PacketOwner } from './packet-side.ts'
import { PacketReader } from './packet-reader.ts'
import type { Result } from './result.ts'
import { statusOf } from './result.ts'

const OK = 0x00
const INFILE = 0xfb
const EOF = 0xfe
const ERROR = 0xff
/** An error packet with this number is no error: MariaDB tells how far it is. */
const PROGRESS = 0xffff
const EOF_BYTES = 5
const OK_BYTES = 7
/** What a kept row takes besides its bytes. */
const ROW_BYTES = 32

// What the next packet of an answer is.
const FIRST = 0
const DEFINITIONS = 1
const AFTER_DEFINITIONS = 2
const ROWS = 3
const PARAMETERS = 4
const AFTER_PARAMETERS = 5
const COLUMNS = 6
const AFTER_COLUMNS = 7
const FIELDS = 8

/** What a server sends: a greeting, the end of the login, then the answer to the oldest command, packet by packet. */
export class ServerPackets implements PacketOwner {
  readonly #connection: MysqlConnection
  #state = FIRST
  /** Definitions still to come. */
  #left = 0
  #columnsLeft = 0

  constructor(connection: MysqlConnection) {
    this.#connection = connection
  }

  /** The next packet begins an answer. */
  begin(): void {
    this.#state = FIRST
  }

  /** The answer has got somewhere. */
  get isInside(): boolean {
    return this.#state !== FIRST
  }

  wanted(sizeBytes: number, sequence: number): number {
    const { head } = this.#connection
    if (head === undefined) return this.#connection.isExpected(sequence, sizeBytes) ? MAX_SMALL_BYTES : -1
    if (this.#state === ROWS) return sizeBytes + ROW_BYTES <= head.budgetBytes ? sizeBytes : ROW_LOOK_BYTES
    if (head.isStream) return ROW_LOOK_BYTES
    if (this.#state !== FIRST || head.answerMicros >= 0 || sequence === 1) return MAX_SMALL_BYTES
    return this.#connection.isInOrder(head, sequence) ? MAX_SMALL_BYTES : -1
  }

  packet(bytes: Uint8Array, from: number, to: number, sizeBytes: number): void {
    const { head } = this.#connection
    if (head === undefined) {
      this.#connection.unasked(latin1(bytes, from, to))
      return
    }
    this.#connection.touch(head)
    const first = to > from ? bytes[from]! : -1
    if (first === ERROR && sizeBytes > 2) this.#error(head, latin1(bytes, from, to))
    else if (this.#state === ROWS) this.#row(head, bytes, from, to, sizeBytes, first)
    else if (this.#state === FIRST) this.#first(head, latin1(bytes, from, to), sizeBytes, first)
    else this.#definition(head, bytes, from, to, sizeBytes, first)
  }

  #error(head: Command, body: string): void {
    if ((body.charCodeAt(1) | body.charCodeAt(2) << 8) === PROGRESS) {
      head.progress++
      return
    }
    head.error = body
    this.#connection.answered(head)
  }

  #first(head: Command, body: string, sizeBytes: number, first: number): void {
    switch (head.code) {
      case LOGIN:
      case CHANGE_USER: return this.#authentication(head, body, first)
      case QUERY:
      case STMT_EXECUTE:
      case STMT_BULK_EXECUTE:
      case PROCESS_INFO: return this.#result(head, body, sizeBytes, first)
      case STMT_PREPARE: return this.#prepared(head, body, first)
      case STATISTICS: return this.#text(head, body)
      case BINLOG_DUMP:
      case BINLOG_DUMP_GTID:
      case TABLE_DUMP: return this.#stream(head, sizeBytes, first)
      case FIELD_LIST:
        head.newResult().columnCount = 0
        return this.#field(head, body, sizeBytes, first)
      case STMT_FETCH: return this.#fetched(head, body, sizeBytes, first)
      default:
        if (first === OK || first === EOF) this.#end(head, body)
        else this.#unfit(head)
    }
  }

  #unfit(head: Command): void {
    head.bits |= NOT_FITTING
    this.#connection.confused('an answer that does not fit the command')
  }

  #authentication(head: Command, body: string, first: number): void {
    if (first === OK) {
      head.isOk = true
      this.#end(head, body)
    } else this.#connection.challenge(head, body)
  }

  #result(head: Command, body: string, sizeBytes: number, first: number): void {
    const { capabilities } = this.#connection
    const isBinary = head.code === STMT_EXECUTE || head.code === STMT_BULK_EXECUTE
    const hasFlag = (capabilities & OPTIONAL_METADATA) !== 0 && first <= 1 && sizeBytes >= 2 && sizeBytes < OK_BYTES
    if (first === OK && sizeBytes >= OK_BYTES) return this.#end(head, body)
    if (first === INFILE) {
      head.newResult().infile = body.slice(1)
      return
    }
    const reader = new PacketReader(body, hasFlag ? 1 : 0)
    const count = reader.lenenc()
    const hasDefinitions = hasFlag ? first === 1 : (this.#connection.mariadbCapabilities & MARIADB_CACHE_METADATA) === 0 || reader.left === 0 || reader.u8() === 1
    if (count <= 0 || count > 0xffff || reader.left > 0) return this.#unfit(head)
    const result = head.newResult()
    result.columnCount = count
    result.isBinary = isBinary
    this.#left = hasDefinitions ? count : 0
    this.#state = hasDefinitions ? DEFINITIONS : AFTER_DEFINITIONS
  }

  #prepared(head: Command, body: string, first: number): void {
    if (first !== OK || body.length < 12 - 3) return this.#unfit(head)
    head.prepared = body
    const reader = new PacketReader(body, 5)
    this.#columnsLeft = reader.u16()
    this.#left = reader.u16()
    this.#connection.prepared(head, this.#left)
    if (this.#left > 0) {
      head.parameterColumns = []
      this.#state = PARAMETERS
    } else this.#toColumns(head)
  }

  #toColumns(head: Command): void {
    this.#left = this.#columnsLeft
    if (this.#left === 0) return this.#connection.answered(head)
    head.newResult().columnCount = this.#left
    this.#state = COLUMNS
  }

  #text(head: Command, body: string): void {
    head.text = body
    head.isOk = true
    this.#connection.answered(head)
  }

  /** Packets of a binlog, up to an EOF. */
  #stream(head: Command, sizeBytes: number, first: number): void {
    const stream = head.isStream ? head : this.#connection.streamBegan(head)
    if (first === EOF && sizeBytes <= EOF_BYTES) return this.#connection.answered(stream)
    stream.streamed![0]++
    stream.streamed![1] += sizeBytes
  }

  #fetched(head: Command, body: string, sizeBytes: number, first: number): void {
    const result = head.newResult()
    result.columnCount = head.statement?.columns.length ?? 0
    result.isBinary = true
    this.#state = ROWS
    if (first === EOF) this.#end(head, body)
    else this.#keepRow(head, result, body, sizeBytes)
  }

  #field(head: Command, body: string, sizeBytes: number, first: number): void {
    this.#state = FIELDS
    if (first === EOF && sizeBytes < 9) return this.#end(head, body)
    head.result!.columnCount++
    this.#keepColumn(head, body)
  }

  #definition(head: Command, bytes: Uint8Array, from: number, to: number, sizeBytes: number, first: number): void {
    const isEof = first === EOF && sizeBytes <= EOF_BYTES
    switch (this.#state) {
      case AFTER_DEFINITIONS:
        this.#state = ROWS
        if (!isEof) return this.#row(head, bytes, from, to, sizeBytes, first)
        return this.#rowsBegin(head, latin1(bytes, from, to))
      case AFTER_PARAMETERS:
        if (isEof) return this.#toColumns(head)
        this.#toColumns(head)
        if (this.#connection.head !== head) return
        break
      case AFTER_COLUMNS: return isEof ? this.#connection.answered(head) : this.#unfit(head)
      case FIELDS: return this.#field(head, latin1(bytes, from, to), sizeBytes, first)
    }
    if (isEof) return this.#unfit(head)
    const body = latin1(bytes, from, to)
    if (this.#state === PARAMETERS) this.#keepParameter(head, body)
    else this.#keepColumn(head, body)
    if (--this.#left === 0) this.#definitionsEnd(head)
  }

  /** An EOF packet between the definitions and the rows. With a cursor, rows must be fetched. */
  #rowsBegin(head: Command, eof: string): void {
    if ((statusOf(eof) & CURSOR_EXISTS) === 0) return
    head.result!.hasCursor = true
    this.#end(head, eof)
  }

  #definitionsEnd(head: Command): void {
    if (this.#state === DEFINITIONS) {
      this.#state = AFTER_DEFINITIONS
      return
    }
    const isLast = this.#state === COLUMNS || this.#columnsLeft === 0
    const { hasEof } = this
    if (this.#state === COLUMNS) this.#connection.described(head)
    // Where the login was not captured nothing tells whether an EOF packet follows; one that does is then let pass.
    if (isLast && hasEof !== true) this.#connection.answered(head, hasEof === undefined)
    else this.#state = this.#state === COLUMNS ? AFTER_COLUMNS : AFTER_PARAMETERS
  }

  get hasEof(): boolean | undefined {
    return this.#connection.knowsCapabilities ? (this.#connection.capabilities & DEPRECATE_EOF) === 0 : undefined
  }

  #keepParameter(head: Command, body: string): void {
    if (head.parameterColumns!.length < MAX_COLUMNS) head.parameterColumns!.push(body)
    else head.bits |= COLUMNS_CUT
  }

  #keepColumn(head: Command, body: string): void {
    const result = head.result!
    result.columnBytes += body.length
    if (result.columns.length < MAX_COLUMNS && result.columnBytes <= MAX_COLUMN_BYTES) result.columns.push(body)
    else head.bits |= COLUMNS_CUT
  }

  /** The hot path. */
  #row(head: Command, bytes: Uint8Array, from: number, to: number, sizeBytes: number, first: number): void {
    if (first === EOF && sizeBytes < FULL_PACKET_BYTES) {
      this.#end(head, latin1(bytes, from, to))
      return
    }
    const result = head.result!
    result.rowCount++
    if (sizeBytes + ROW_BYTES > head.budgetBytes || to - from < sizeBytes) head.budgetBytes = 0
    else {
      head.budgetBytes -= sizeBytes + ROW_BYTES
      result.rows.push(latin1(bytes, from, to))
    }
  }

  #keepRow(head: Command, result: Result, body: string, sizeBytes: number): void {
    result.rowCount++
    if (sizeBytes + ROW_BYTES > head.budgetBytes || body.length < sizeBytes) head.budgetBytes = 0
    else {
      head.budgetBytes -= sizeBytes + ROW_BYTES
      result.rows.push(body)
    }
  }

  /** An OK or EOF packet ends a result; another may follow. */
  #end(head: Command, body: string): void {
    const result = head.result ?? head.newResult()
    result.end = body
    head.result = undefined
    this.#state = FIRST
    if ((statusOf(body) & MORE_RESULTS) === 0) this.#connection.answered(head)
  }

  continued(sizeBytes: number): void {
    const streamed = this.#connection.head?.streamed
    if (streamed !== undefined) streamed[1] += sizeBytes
  }

  lost(): void {
    this.#connection.lostAnswers()
  }

  /** Once a command was seen, its answer begins with the packet of number 1. */
  search(chunk: Uint8Array): number {
    return this.#connection.head !== undefined && chunk.length > 4 && chunk[3] === 1 ? 0 : -1
  }

  left(): void {
    // Only the client's side is left: by its request for TLS.
  }

  broken(what: string): void {
    this.#connection.malformed(false, what)
  }
}
