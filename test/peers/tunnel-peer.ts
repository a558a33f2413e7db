import { once } from 'node:events'
import type { TestContext } from 'node:test'
import { connect, createServer } from 'node:tls'
import type { TLSSocket } from 'node:tls'
import type { TlsMaterial } from '../../src/proxy/relay/relay.ts'

/** The frames of docs/tunnel.md, written down a second time. */
export const TYPE = { open: 1, data: 2, fin: 3, reset: 4, credit: 5, goaway: 6, ping: 7, pong: 8 } as const
export const TUNNEL_ALPN = 'mtlscope/1'
export const FIRST_CREDIT = 65_536

export interface PeerFrame { readonly stream: number, readonly type: number, readonly payload: Buffer }

export function frame(stream: number, type: number, payload: Uint8Array = Buffer.alloc(0)): Buffer {
  const head = Buffer.alloc(8)
  head.writeUInt32BE(stream, 0)
  head.writeUInt32BE((type << 24 | payload.length) >>> 0, 4)
  return Buffer.concat([head, payload])
}

export function open(stream: number, port = 40_000): Buffer {
  return frame(stream, TYPE.open, Buffer.of(port >> 8, port & 255))
}

export function credit(stream: number, bytes: number): Buffer {
  const payload = Buffer.alloc(4)
  payload.writeUInt32BE(bytes)
  return frame(stream, TYPE.credit, payload)
}

/** One end of a tunnel, frame by frame, that may do anything. */
export class TunnelPeer {
  readonly socket: TLSSocket
  readonly frames: PeerFrame[] = []
  /** Of the socket; resolves with the code of the error or ''. */
  readonly closed: Promise<string>
  #rest: Buffer = Buffer.alloc(0)

  constructor(t: TestContext, socket: TLSSocket) {
    this.socket = socket
    let code = ''
    socket.on('error', (error: NodeJS.ErrnoException) => { code = error.code ?? error.message })
    this.closed = new Promise((resolve) => { socket.once('close', () => resolve(code)) })
    socket.on('data', (bytes: Buffer) => this.#take(bytes))
    t.after(() => void socket.destroy())
  }

  /** Calls a sidecar. */
  static async dial(t: TestContext, port: number, { keyPem, chainPem, bundlePem }: TlsMaterial): Promise<TunnelPeer> {
    const socket = connect({ port, host: '127.0.0.1', key: keyPem, cert: chainPem, ca: bundlePem, ALPNProtocols: [TUNNEL_ALPN], checkServerIdentity: () => undefined })
    await once(socket, 'secureConnect')
    return new TunnelPeer(t, socket)
  }

  /** Is called by sidecars; the port. */
  static async listen(t: TestContext, { keyPem, chainPem, bundlePem }: TlsMaterial, called: (peer: TunnelPeer) => void): Promise<number> {
    const server = createServer({ key: keyPem, cert: chainPem, ca: bundlePem, requestCert: true, ALPNProtocols: [TUNNEL_ALPN] }, (socket) => called(new TunnelPeer(t, socket)))
    server.on('tlsClientError', () => {})
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    t.after(() => void server.close())
    const address = server.address()
    if (address === null || typeof address === 'string') throw new Error('no port')
    return address.port
  }

  #take(bytes: Buffer): void {
    let rest = Buffer.concat([this.#rest, bytes])
    while (rest.length >= 8) {
      const word = rest.readUInt32BE(4)
      const length = word & 0xff_ffff
      if (rest.length < 8 + length) break
      this.frames.push({ stream: rest.readUInt32BE(0), type: word >>> 24, payload: rest.subarray(8, 8 + length) })
      rest = rest.subarray(8 + length)
    }
    this.#rest = rest
  }

  send(...frames: Uint8Array[]): void {
    this.socket.write(Buffer.concat(frames))
  }

  /** All data that came on a stream. */
  heard(stream: number): Buffer {
    return Buffer.concat(this.frames.filter((one) => one.stream === stream && one.type === TYPE.data).map(({ payload }) => payload))
  }

  has(stream: number, type: number): boolean {
    return this.frames.some((one) => one.stream === stream && one.type === type)
  }
}
