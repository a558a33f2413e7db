import { createHash } from 'node:crypto'
import { createServer } from 'node:http'
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import type { TestContext } from 'node:test'
import { KubeClient } from './client.ts'
import { parseKubeconfig } from './kubeconfig.ts'

const ACCEPT_SUFFIX = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'

/** One end of a WebSocket as a server has it: whole messages of binary frames, no fragments. */
export class ServerSocket {
  readonly #socket: Duplex
  readonly #waiting: ((message: Buffer | undefined) => void)[] = []
  readonly #messages: (Buffer | undefined)[] = []
  #bytes = Buffer.alloc(0)

  constructor(socket: Duplex, head: Buffer) {
    this.#socket = socket
    socket.on('error', () => {})
    socket.on('close', () => this.#tell(undefined))
    socket.on('data', (chunk: Buffer) => this.#take(chunk))
    this.#take(head)
  }

  /** An unmasked frame. */
  send(payload: Uint8Array, opcode = 2): void {
    this.sendRaw(frame(payload, opcode))
  }

  sendRaw(bytes: Uint8Array): void {
    this.#socket.write(bytes)
  }

  close(): void {
    this.send(Uint8Array.of(3, 232), 8)
    this.#socket.end()
  }

  destroy(): void {
    this.#socket.destroy()
  }

  /** The next message; undefined where the other end closed. */
  next(): Promise<Buffer | undefined> {
    if (this.#messages.length > 0) return Promise.resolve(this.#messages.shift())
    return new Promise((resolve) => this.#waiting.push(resolve))
  }

  #tell(message: Buffer | undefined): void {
    const waiting = this.#waiting.shift()
    if (waiting === undefined) this.#messages.push(message)
    else waiting(message)
  }

  #take(chunk: Buffer): void {
    this.#bytes = Buffer.concat([this.#bytes, chunk])
    for (;;) {
      const short = (this.#bytes[1] ?? 0) & 0x7f
      const at = short === 126 ? 4 : short === 127 ? 10 : 2
      if (this.#bytes.length < at + 4) return
      const length = short === 126 ? this.#bytes.readUInt16BE(2) : short === 127 ? Number(this.#bytes.readBigUInt64BE(2)) : short
      if (this.#bytes.length < at + 4 + length) return
      const mask = this.#bytes.subarray(at, at + 4)
      const payload = Buffer.from(this.#bytes.subarray(at + 4, at + 4 + length).map((byte, i) => byte ^ mask[i & 3]!))
      const opcode = this.#bytes[0]! & 15
      this.#bytes = this.#bytes.subarray(at + 4 + length)
      if (opcode === 8) this.#tell(undefined)
      else if (opcode === 2) this.#tell(payload)
    }
  }
}

export function frame(payload: Uint8Array, opcode = 2, isFinal = true): Buffer {
  const head = payload.length < 126 ? Buffer.from([0, payload.length]) : payload.length < 0x10000 ? Buffer.from([0, 126, payload.length >> 8, payload.length & 255]) : Buffer.concat([Uint8Array.of(0, 127), new Uint8Array(4), new Uint8Array(4)])
  if (payload.length >= 0x10000) head.writeUInt32BE(payload.length, 6)
  head[0] = (isFinal ? 0x80 : 0) | opcode
  return Buffer.concat([head, payload])
}

export interface KubeServerOptions {
  answer?: RequestListener
  /** Subprotocols that it speaks; what none of them asks for is refused. */
  protocols?: readonly string[]
  socket?: (socket: ServerSocket, request: IncomingMessage) => void
}

/** A client of an API server that answers as it is told. */
export async function openKubeServer(t: TestContext, { answer = notFound, protocols = [], socket: taken }: KubeServerOptions): Promise<{ client: KubeClient, kubeconfig: string }> {
  const sockets = new Set<Duplex>()
  const server = createServer(answer)
  server.on('upgrade', (request, socket: Duplex, head: Buffer) => {
    sockets.add(socket)
    const asked = String(request.headers['sec-websocket-protocol'] ?? '').split(',').map((word) => word.trim())
    const protocol = asked.find((word) => protocols.includes(word))
    if (protocol === undefined || taken === undefined) return void socket.end('HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\nconnection: close\r\n\r\n')
    const accept = createHash('sha1').update(String(request.headers['sec-websocket-key']) + ACCEPT_SUFFIX).digest('base64')
    socket.write(`HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\nSec-WebSocket-Protocol: ${protocol}\r\n\r\n`)
    taken(new ServerSocket(socket, head), request)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const kubeconfig = JSON.stringify({
    'current-context': 'x', clusters: [{ name: 'c', cluster: { server: `http://127.0.0.1:${(server.address() as AddressInfo).port}` } }], contexts: [{ name: 'x', context: { cluster: 'c', user: 'u', namespace: 'shop' } }],
  })
  const client = new KubeClient(parseKubeconfig(kubeconfig, 'config'))
  t.after(() => {
    client.close()
    for (const socket of sockets) socket.destroy()
    server.closeAllConnections()
    server.close()
  })
  return { client, kubeconfig }
}

function notFound(_: IncomingMessage, response: ServerResponse): void {
  response.writeHead(404).end('{}')
}

/** The body of a request as JSON. */
export async function bodyOf(request: IncomingMessage): Promise<unknown> {
  const parts: Buffer[] = []
  for await (const part of request as AsyncIterable<Buffer>) parts.push(part)
  return parts.length === 0 ? undefined : JSON.parse(Buffer.concat(parts).toString())
}

export interface Deferred<T> { readonly promise: Promise<T>, resolve(value: T): void }

export function deferred<T>(): Deferred<T> {
  let settle: (value: T) => void = () => {}
  const promise = new Promise<T>((resolve) => { settle = resolve })
  return { promise, resolve: settle }
}
