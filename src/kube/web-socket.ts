import { createHash, randomBytes } from 'node:crypto'
import type { Duplex } from 'node:stream'
import { MtlscopeError } from '../base/errors.ts'
import { BINARY, BROKEN, CLOSE, FrameHeader, PING, PONG, UNFINISHED } from '../protocols/websocket/frame-header.ts'
import type { KubeClient } from './client.ts'

/** RFC 6455 §1.3 */
const ACCEPT_SUFFIX = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'
const NORMAL_CLOSURE = Uint8Array.of(3, 232)
/** API servers send some 32 KiB a message. */
const MAX_MESSAGE_BYTES = 32 * 1024 * 1024
/** Middle boxes let go of connections that say nothing, some after a minute. */
const PING_MS = 20_000
const FIN = 0x80
const MASKED = 0x80

/** What comes over a WebSocket. */
export interface SocketEvents {
  /** One whole message; the bytes are the receiver's. */
  message(payload: Buffer): void
  /** Once, whoever ended it; `error` where it broke. */
  closed(error: Error | undefined): void
}

/** The client's end of a WebSocket (RFC 6455) of binary messages. No extensions. */
export class WebSocketLink {
  readonly protocol: string
  readonly #socket: Duplex
  readonly #header = new FrameHeader()
  readonly #ping: NodeJS.Timeout
  #events: SocketEvents = { message: () => {}, closed: () => {} }
  #pieces: Buffer[] = []
  #size = 0
  /** So many bytes are needed before it is worth to look again. */
  #wanted = 2
  #fragments: Buffer[] = []
  #closed = false

  constructor(socket: Duplex, protocol: string) {
    this.#socket = socket
    this.protocol = protocol
    this.#ping = setInterval(() => this.#send(PING, new Uint8Array(0)), PING_MS)
    socket.on('error', (error) => this.#end(error))
    socket.on('close', () => this.#end(undefined))
    socket.on('end', () => socket.destroy())
  }

  /** Messages are told from now on; `head`: what had been read of the connection before. */
  start(events: SocketEvents, head: Buffer): void {
    this.#events = events
    if (head.length > 0) this.#take(head)
    this.#socket.on('data', (chunk: Buffer) => this.#take(chunk))
  }

  /** False: more should wait for `drained`. */
  send(payload: Uint8Array): boolean {
    return this.#send(BINARY, payload)
  }

  drained(then: () => void): void {
    this.#socket.once('drain', then)
  }

  /** No more messages for now, so that the other end slows down. */
  pause(): void {
    this.#socket.pause()
  }

  resume(): void {
    this.#socket.resume()
  }

  close(): void {
    if (this.#closed) return
    this.#send(CLOSE, NORMAL_CLOSURE)
    this.#socket.end()
    this.#end(undefined)
  }

  #send(opcode: number, payload: Uint8Array): boolean {
    if (this.#closed || this.#socket.destroyed) return true
    return this.#socket.write(maskedFrame(opcode, payload))
  }

  #end(error: Error | undefined): void {
    if (this.#closed) return
    this.#closed = true
    clearInterval(this.#ping)
    this.#events.closed(error)
    if (error !== undefined) this.#socket.destroy()
  }

  #take(chunk: Buffer): void {
    if (this.#closed) return
    this.#pieces.push(chunk)
    this.#size += chunk.length
    if (this.#size < this.#wanted) return
    const bytes = this.#pieces.length === 1 ? chunk : Buffer.concat(this.#pieces)
    let at = 0
    while (at < bytes.length && !this.#closed) {
      const size = this.#frame(bytes, at)
      if (size === 0) break
      at += size
    }
    const rest = bytes.subarray(at)
    this.#pieces = rest.length === 0 ? [] : [rest]
    this.#size = rest.length
  }

  /** The size of the frame at `at`, or 0 where more bytes are needed. */
  #frame(bytes: Buffer, at: number): number {
    const header = this.#header
    const size = header.read(bytes, at, bytes.length)
    this.#wanted = bytes.length - at + 1
    if (size === UNFINISHED) return 0
    if (size === BROKEN || header.isMasked || header.payloadBytes > MAX_MESSAGE_BYTES) {
      this.#end(new Error(`not a frame of a server: ${size === BROKEN ? header.problem : header.isMasked ? 'it is masked' : 'it is too long'}`))
      return 0
    }
    const end = at + size + header.payloadBytes
    if (end > bytes.length) {
      this.#wanted = end - at
      return 0
    }
    this.#wanted = 2
    this.#payload(header.opcode, header.isFinal, bytes.subarray(at + size, end))
    return end - at
  }

  #payload(opcode: number, isFinal: boolean, payload: Buffer): void {
    if (opcode === PING) this.#send(PONG, payload)
    else if (opcode === CLOSE) this.close()
    else if (opcode !== PONG) this.#part(isFinal, payload)
  }

  #part(isFinal: boolean, payload: Buffer): void {
    if (isFinal && this.#fragments.length === 0) return this.#events.message(payload)
    this.#fragments.push(payload)
    if (this.#fragments.reduce((sum, { length }) => sum + length, 0) > MAX_MESSAGE_BYTES) return this.#end(new Error('a message that is too long'))
    if (!isFinal) return
    const whole = Buffer.concat(this.#fragments)
    this.#fragments = []
    this.#events.message(whole)
  }
}

/** Opens a WebSocket to the API server: `protocols` in the order of preference. Throws what KubeClient throws; 'kube-failed' where it speaks none of them. */
export async function openWebSocket(client: KubeClient, path: string, protocols: readonly string[]): Promise<{ link: WebSocketLink, head: Buffer }> {
  const key = randomBytes(16).toString('base64')
  const { socket, head, protocol, accept } = await client.upgrade(path, { 'sec-websocket-version': '13', 'sec-websocket-key': key, 'sec-websocket-protocol': protocols.join(', ') })
  if (accept !== createHash('sha1').update(key + ACCEPT_SUFFIX).digest('base64') || !protocols.includes(protocol)) {
    socket.destroy()
    throw new MtlscopeError('kube-failed', `the API server of ${client.access.context} does not speak ${protocols.join(' or ')}`, { hint: 'a proxy in between may not let WebSockets through', facts: { path, protocol } })
  }
  return { link: new WebSocketLink(socket, protocol), head }
}

/** RFC 6455 §5.2, §5.3: what a client sends is masked with a key that nobody foresees. */
function maskedFrame(opcode: number, payload: Uint8Array): Buffer {
  const { length } = payload
  const extra = length < 126 ? 0 : length < 0x10000 ? 2 : 8
  const frame = Buffer.allocUnsafe(6 + extra + length)
  frame[0] = FIN | opcode
  frame[1] = MASKED | (extra === 0 ? length : extra === 2 ? 126 : 127)
  if (extra === 2) frame.writeUInt16BE(length, 2)
  if (extra === 8) frame.writeBigUInt64BE(BigInt(length), 2)
  const mask = randomBytes(4)
  mask.copy(frame, 2 + extra)
  const from = 6 + extra
  for (let i = 0; i < length; i++) frame[from + i] = payload[i]! ^ mask[i & 3]!
  return frame
}
