import { setTimeout as sleep } from 'node:timers/promises'
import { connect } from 'node:tls'
import type { SecureVersion, TLSSocket } from 'node:tls'
import { SERVER_IP } from '../fixtures/stage.ts'
import { connectFrom } from '../../src/sys/tcp-connect.ts'

const REQUEST = 'GET /check HTTP/1.1\r\nHost: cart.example\r\nConnection: close\r\n\r\n'
const BOUND_MS = 60_000
/** So that a time lies well between two packets. */
const PAUSE_MS = 4

/** What one connection came to, as its client knows it. */
export interface Witness {
  readonly localPort: number
  /** TLS came to its end, or (plain) the server answered. */
  readonly secured: boolean
  readonly reused: boolean
  readonly heard: string
  readonly error: string | undefined
  /** Between the handshake and the request, by the clock that stamps packets; -1 where it came to nothing. */
  readonly betweenMicros: number
  readonly session: Buffer | undefined
}

export interface CallOptions {
  readonly netnsPath: string
  readonly port: number
  /** Undefined: plaintext. */
  readonly version: SecureVersion | undefined
  readonly identity: { readonly cert: string, readonly key: string } | undefined
  readonly session?: Buffer | undefined
}

/** One connection to the server's end: a handshake, a request, its answer, the end. */
export async function callServer(options: CallOptions): Promise<Witness> {
  const socket = connectFrom(options.netnsPath, SERVER_IP, options.port)
  // Bound when it began to connect; gone when it is closed.
  const localPort = (socket.address() as { port?: number }).port ?? 0
  let [heard, session, error, betweenMicros]: [string, Buffer | undefined, string | undefined, number] = ['', undefined, undefined, -1]
  const { version, identity } = options
  const stream = version === undefined ? socket : connect({ socket, minVersion: version, maxVersion: version, rejectUnauthorized: false, servername: 'shop.example', session: options.session, ...identity })
  const over = new Promise<void>((resolve) => {
    const timer = setTimeout(() => { stream.destroy(new Error('no end in time')) }, BOUND_MS)
    stream.on('close', () => { clearTimeout(timer); resolve() })
  })
  stream.on('error', (cause: NodeJS.ErrnoException) => { error ??= cause.code ?? cause.message })
  stream.on('data', (bytes: Buffer) => { heard += bytes.toString('latin1') })
  if (version !== undefined) stream.on('session', (bytes: Buffer) => { session = bytes })
  const secured = version === undefined || await securedOf(stream as TLSSocket, over)
  if (secured) {
    await sleep(PAUSE_MS)
    betweenMicros = Date.now() * 1000
    await sleep(PAUSE_MS)
    if (!stream.destroyed) stream.write(REQUEST)
  }
  const reused = version !== undefined && (stream as TLSSocket).isSessionReused()
  await over
  return { localPort, secured, reused, heard, error, betweenMicros, session }
}

async function securedOf(stream: TLSSocket, over: Promise<void>): Promise<boolean> {
  return await Promise.race([new Promise<boolean>((resolve) => { stream.once('secureConnect', () => resolve(true)) }), over.then(() => false)])
}
