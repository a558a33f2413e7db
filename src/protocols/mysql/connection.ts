import type { Side } from '../../model/side.ts'
import { CLIENT, SERVER } from '../../model/side.ts'
import type { Micros } from '../../model/time.ts'
import type { InPlaceDissector, Settings, Sink } from '../protocol.ts'
import type { Redactor } from '../redaction.ts'
import { redactorOf } from '../redaction.ts'
import { COMPRESS, SSL, ZSTD } from './capabilities.ts'
import { ClientPackets } from './client-packets.ts'
import { Command } from './command.ts'
import { CommandQueue } from './command-queue.ts'
import { LOGIN, QUIT, STMT_BULK_EXECUTE, STMT_EXECUTE, STMT_FETCH, STMT_PREPARE, STMT_RESET, isUnanswered } from './commands.ts'
import { parseLogin } from './handshake.ts'
import { FULL_PACKET_BYTES, MAX_AUTHENTICATION, MAX_SMALL_BYTES } from './limits.ts'
import { AFTER_LOSS, ANSWER_CUT, END_IN_REQUEST, LOST_IN_ANSWER, LOST_IN_REQUEST, NO_LOGIN, NO_REQUEST, UNASKED } from './notes.ts'
import { PacketSide } from './packet-side.ts'
import { SSL_REQUEST_BYTES } from './probe.ts'
import { ServerPackets } from './server-packets.ts'
import { Statements } from './statements.ts'

const GREETING = 0x0a
const ERROR = 0xff
const EOF = 0xfe

/** Both sides of a connection to MySQL or MariaDB: commands are queued, and the server answers the oldest. */
export class MysqlConnection implements InPlaceDissector {
  capabilities = 0
  mariadbCapabilities = 0
  /** The login was seen. */
  knowsCapabilities = false
  isLoggingIn = true
  readonly #sink: Sink
  readonly #redactor: Redactor
  readonly #limitBytes: number
  readonly #client: PacketSide
  readonly #server: PacketSide
  readonly #answers: ServerPackets
  readonly #statements = new Statements()
  readonly #queue: CommandQueue
  #greeting: string | undefined
  #greetingMicros: Micros = -1
  #greetingBits = 0
  #requestsLost = false
  #isLate = false
  #isEnding = false
  #answersEnded = false
  #requestsEnded = false
  #hasBegun = false
  #isOver = false
  #letsEofPass = false

  constructor(sink: Sink, settings: Settings) {
    this.#sink = sink
    this.#redactor = redactorOf(settings.redaction)
    this.#limitBytes = settings.bodyLimitBytes
    this.#answers = new ServerPackets(this)
    this.#queue = new CommandQueue(sink, this.#answers)
    this.#client = new PacketSide(new ClientPackets(this, settings.bodyLimitBytes))
    this.#server = new PacketSide(this.#answers)
  }

  joinedLate(): void {
    this.#isLate = this.#hasBegun = true
    this.isLoggingIn = false
    this.#client.seek()
    this.#server.seek()
  }

  get heldBytes(): number {
    const { head } = this
    return this.#queue.heldBytes + this.#statements.heldBytes + this.#client.heldBytes + this.#server.heldBytes
      + (head === undefined ? 0 : this.#limitBytes - head.budgetBytes)
  }

  /** The command that the server answers. */
  get head(): Command | undefined {
    return this.#queue.head
  }

  data(side: Side, chunk: Uint8Array, at: Micros): void {
    this.dataIn(side, chunk, 0, chunk.length, at)
  }

  dataIn(side: Side, buf: Uint8Array, from: number, to: number, at: Micros): void {
    if (this.#isOver) return
    if (side === CLIENT) this.#client.dataIn(buf, from, to, at)
    else this.#server.dataIn(buf, from, to, at)
  }

  gap(side: Side, bytes: number): void {
    if (side === CLIENT) this.#client.stream.gap(bytes)
    else this.#server.stream.gap(bytes)
  }

  end(side: Side): void {
    if (this.#isOver) return
    this.#isEnding = true
    if (side === CLIENT) {
      this.#client.end()
      this.#requestsEnded = true
    } else {
      this.#server.end()
      this.#answersEnded = true
      this.#queue.giveUpAll(0)
    }
    this.#isEnding = false
    if (this.#requestsEnded && this.#answersEnded && !this.#isOver) this.#close()
  }

  #close(): void {
    this.#isOver = true
    if (this.#greeting !== undefined && this.isLoggingIn) this.#tellGreeting()
    if (this.#requestsLost) this.malformed(true, 'bytes were lost, and nothing was recognised behind them')
    if (this.#queue.answersLost) this.malformed(false, 'bytes were lost, and nothing was recognised behind them')
  }

  /** Nobody logged in. */
  #tellGreeting(): void {
    const command = new Command(LOGIN, this.#greetingMicros, '', 0, 0, this.#redactor, 0)
    command.greeting = this.#greeting
    command.bits |= NO_LOGIN | this.#greetingBits
    this.#queue.tell(command)
  }

  malformed(isClient: boolean, what: string): void {
    this.#sink.malformed(isClient ? CLIENT : SERVER, what, (isClient ? this.#client : this.#server).stream.offset)
  }

  /** Bytes that break the protocol. Before anything was understood it was a wrong guess. */
  refuse(isClient: boolean, what: string): void {
    if (!this.#hasBegun) {
      this.#isOver = true
      this.#client.stream.stop()
      this.#server.stream.stop()
      this.#sink.disown()
      return
    }
    this.malformed(isClient, what)
    if (isClient) {
      this.#client.seek()
      this.lostRequests()
    } else this.#loseTrack()
  }

  /** The answer cannot be followed: the next command is waited for. */
  confused(what: string): void {
    this.malformed(false, what)
    this.#loseTrack()
  }

  #loseTrack(): void {
    this.#queue.giveUpAll(LOST_IN_ANSWER)
    this.#server.seek()
    this.#queue.answersLost = true
  }

  lostRequests(): void {
    this.#requestsLost = true
    this.isLoggingIn = false
  }

  lostAnswers(): void {
    this.#queue.giveUpAll(LOST_IN_ANSWER)
    this.#queue.answersLost = true
  }

  // What the client sends.

  #command(code: number, body: string, sizeBytes: number): Command {
    this.#hasBegun = true
    const { frameMicros, isCut } = this.#client.packets
    const command = new Command(code, frameMicros, body, sizeBytes, this.capabilities, this.#redactor, this.#limitBytes)
    if (isCut) command.bits |= this.#isEnding ? END_IN_REQUEST : LOST_IN_REQUEST
    if (this.#requestsLost) {
      this.#requestsLost = false
      command.bits |= AFTER_LOSS
    }
    return command
  }

  login(body: string, sizeBytes: number): void {
    const { capabilities, mariadbCapabilities } = parseLogin(body)
    this.capabilities = capabilities
    this.mariadbCapabilities = mariadbCapabilities
    this.knowsCapabilities = true
    const command = this.#command(LOGIN, body, sizeBytes)
    command.greeting = this.#greeting
    this.#greeting = undefined
    command.bits |= this.#greetingBits
    if (sizeBytes === SSL_REQUEST_BYTES && (capabilities & SSL) !== 0) {
      command.isTls = true
      this.#queue.tell(command)
      if (!this.#client.packets.isCut) this.#client.packets.leave()
    } else this.#push(command)
  }

  /** The client goes on with TLS right behind its request. */
  handOver(rest: Uint8Array): void {
    this.#isOver = true
    this.#sink.switchTo('tls', rest, new Uint8Array(0))
  }

  piece(body: string): void {
    const { head } = this
    if (head === undefined) return
    head.pieces ??= []
    if (head.pieces.length < MAX_AUTHENTICATION) head.pieces.push(body)
  }

  command(code: number, body: string, sizeBytes: number): void {
    this.isLoggingIn = false
    this.#letsEofPass = false
    if (isUnanswered(code)) this.#unanswered(code, body, sizeBytes)
    else {
      const command = this.#command(code, body, sizeBytes)
      if (code === STMT_EXECUTE || code === STMT_FETCH || code === STMT_RESET || code === STMT_BULK_EXECUTE) this.#statements.bind(command)
      this.#push(command)
    }
  }

  #unanswered(code: number, body: string, sizeBytes: number): void {
    if (code === QUIT) return
    if (this.#client.packets.isCut) this.#requestsLost = true
    this.#statements.unanswered(code, body, sizeBytes)
  }

  #push(command: Command): void {
    this.#queue.push(command)
    if (this.#answersEnded) this.#queue.giveUpAll(0)
    // Without the commands nobody can read their answers: the server is read anew.
    else if (this.#queue.isOverfull && this.#queue.shed()) this.#server.seek()
  }

  requestContinued(sizeBytes: number): void {
    const { head } = this
    if (head?.result?.infile !== undefined) head.result.infileBytes += sizeBytes
    else if (this.#queue.newest !== undefined) this.#queue.newest.bodyBytes += sizeBytes
  }

  // What the server sends.

  /** Without a command a server greets, or says why it ends. */
  isExpected(sequence: number, sizeBytes: number): boolean {
    if (this.isLoggingIn && this.#greeting === undefined && sequence === 0 && sizeBytes > 3) return true
    if (this.#hasBegun) return true
    this.refuse(false, 'no greeting where one must be')
    return false
  }

  unasked(body: string): void {
    const first = body.charCodeAt(0)
    const { frameMicros, isCut } = this.#server.packets
    if (first === GREETING && this.isLoggingIn && this.#greeting === undefined) {
      this.#hasBegun = true
      this.#greeting = body
      this.#greetingMicros = frameMicros
      if (isCut) this.#greetingBits = this.#isEnding ? ANSWER_CUT : LOST_IN_ANSWER
    } else if (first === ERROR && body.length > 3) this.#unaskedError(body, frameMicros, isCut)
    else if (first === EOF && this.#letsEofPass) this.#letsEofPass = false
    else if (!this.#hasBegun) this.refuse(false, 'no greeting where one must be')
    else if (!this.#requestsLost && !this.#isLate) this.confused('a packet without a command before it')
    else this.#server.seek()
  }

  #unaskedError(body: string, at: Micros, isCut: boolean): void {
    const isRefusal = !this.#hasBegun && this.isLoggingIn
    this.#hasBegun = true
    const command = new Command(LOGIN, at, '', 0, 0, this.#redactor, 0)
    command.answerMicros = at
    command.error = body
    if (isCut) command.bits |= ANSWER_CUT
    if (!isRefusal) command.bits |= this.#isLate || this.#requestsLost ? NO_REQUEST : UNASKED
    this.#queue.tell(command)
  }

  /** The first packet of an answer follows the last one of the command, also by its number. */
  isInOrder(command: Command, sequence: number): boolean {
    if (command.code === LOGIN || command.bodyBytes >= FULL_PACKET_BYTES || this.#server.isCompressed) return true
    this.confused(`an answer that begins with packet ${sequence}`)
    return false
  }

  touch(command: Command): void {
    if (command.answerMicros < 0) command.answerMicros = this.#server.packets.frameMicros
    if (this.#server.packets.isCut) command.bits |= this.#isEnding ? ANSWER_CUT : LOST_IN_ANSWER
  }

  challenge(command: Command, body: string): void {
    command.challenges ??= []
    if (command.challenges.length < MAX_AUTHENTICATION) command.challenges.push(body)
  }

  prepared(command: Command, parameterCount: number): void {
    this.#statements.prepared(command, parameterCount)
  }

  described(command: Command): void {
    const { statement, result } = command
    if (statement === undefined || result === undefined || command.code !== STMT_PREPARE) return
    statement.columns = result.columnBytes <= MAX_SMALL_BYTES ? result.columns : []
  }

  /** The request for replication is told, and what follows counted. */
  streamBegan(command: Command): Command {
    command.isOk = true
    const stream = new Command(command.code, this.#server.packets.frameMicros, '', 0, 0, this.#redactor, 0)
    stream.isStream = true
    stream.answerMicros = stream.atMicros
    stream.streamed = [0, 0]
    this.#queue.replace(command, stream)
    return stream
  }

  /** The answer to the oldest command is whole. */
  answered(command: Command, letsEofPass = false): void {
    if (!this.#queue.shift(command)) return
    this.#letsEofPass = letsEofPass
    if (command.code === LOGIN && command.isOk) this.#loggedIn()
    this.#answers.begin()
    this.#queue.settle(command)
  }

  #loggedIn(): void {
    this.isLoggingIn = false
    if ((this.capabilities & (COMPRESS | ZSTD)) === 0) return
    this.#client.compress()
    this.#server.compress()
  }
}
