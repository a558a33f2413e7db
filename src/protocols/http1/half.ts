import type { Micros } from '../../model/time.ts'
import type { Exchange } from './exchange.ts'
import type { KeptBytes } from '../http/kept-bytes.ts'
import type { BlockFacts, LineFacts } from './head-memo.ts'
import type { Lens } from '../http/lens.ts'
import { INCOMPLETE } from './notes.ts'

/** Methods that decide about the body of the answer (RFC 9112 §6.3). */
export const ORDINARY = 0
export const HEAD = 1
export const CONNECT = 2

/**
 * One request or one response, as far as it has been read. The head is kept as one string and taken apart when somebody asks;
 * positions are offsets into it. What both kinds do not share is 0 in the other.
 */
export class Half {
  isRequest: boolean
  /** First and last byte of it. */
  atMicros: Micros
  endMicros: Micros
  /** What is known of its parts from others that were the same. */
  line: LineFacts | undefined = undefined
  block: BlockFacts | undefined = undefined
  /** The bytes up to and with the empty line, one character a byte. */
  head = ''
  /** Where the header lines begin. */
  headersAt = 0
  /** Request: end of the method, start and end of the target. Response: end of the status, start and end of the reason. */
  wordEnd = 0
  textAt = 0
  textEnd = 0
  /** The y of HTTP/1.y. */
  minor = 1
  status = 0
  method = ORDINARY
  /** -1: no Content-Length. */
  contentLength = -1
  hasTransferEncoding = false
  isChunked = false
  hasUpgrade = false
  /** Content-Type is one that a lens may read. */
  hasLensType = false
  /** There is a Content-Encoding, or a Transfer-Encoding that does more than to divide into chunks. */
  hasCoding = false
  /** The value of Content-Type; `typeEnd` is 0 where there is none. */
  typeAt = 0
  typeEnd = 0
  /** Bits of notes.ts. */
  bits = 0
  /** Of the body as it was sent, without chunked framing; lost ones are counted too. */
  bodyBytes = 0
  lostBytes = 0
  body: KeptBytes | undefined = undefined
  trailers = ''
  /** The last byte was seen, or nothing more will come. */
  over = false
  /** What it costs to let it wait; 0 while it does not. */
  waitingBytes = 0
  exchange: Exchange | undefined = undefined
  /** The lens that claims a request by its own head, or a response with its request; null while nobody has asked. */
  lens: Lens | undefined | null = null
  /** 1xx responses that came before this one. */
  interim: Half[] | undefined = undefined

  constructor(isRequest: boolean, atMicros: Micros) {
    this.isRequest = isRequest
    this.atMicros = atMicros
    this.endMicros = atMicros
  }

  /** As new, but for whose it is and when. */
  clear(): void {
    this.line = undefined
    this.block = undefined
    this.head = ''
    this.headersAt = this.wordEnd = this.textAt = this.textEnd = 0
    this.minor = 1
    this.status = 0
    this.method = ORDINARY
    this.contentLength = -1
    this.hasTransferEncoding = this.isChunked = this.hasUpgrade = this.hasLensType = this.hasCoding = false
    this.typeAt = this.typeEnd = 0
    this.bits = this.bodyBytes = this.lostBytes = 0
    this.body = undefined
    this.trailers = ''
    this.over = false
    this.waitingBytes = 0
    this.exchange = undefined
    this.lens = null
    this.interim = undefined
  }

  get complete(): boolean {
    return (this.bits & INCOMPLETE) === 0
  }
}
