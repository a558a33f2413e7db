import { once } from 'node:events'
import net from 'node:net'
import nodeTls from 'node:tls'
import { CLIENT, SERVER } from '../../model/side.ts'
import type { Step } from '../contract.fixture.ts'

/** Between two chunks of a recording, so that times in messages can be checked. */
export const STEP_MICROS = 1000

/** A forwarder on the loopback that keeps what goes through it, in order. For one connection. */
export class Recorder {
  readonly steps: Step[] = []
  readonly #server: net.Server
  readonly #sockets: net.Socket[] = []

  constructor(targetPort: number) {
    this.#server = net.createServer({ allowHalfOpen: true }, (client) => {
      const server = net.connect({ port: targetPort, host: '127.0.0.1', allowHalfOpen: true })
      this.#sockets.push(client, server)
      this.#pipe(client, server, CLIENT)
      this.#pipe(server, client, SERVER)
    })
  }

  async listen(): Promise<number> {
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
    return portOf(this.#server)
  }

  #pipe(from: net.Socket, to: net.Socket, side: Step['side']): void {
    from.on('data', (bytes) => {
      this.steps.push({ side, bytes, at: (this.steps.length + 1) * STEP_MICROS })
      to.write(bytes)
    })
    from.on('end', () => { to.end() })
    from.on('error', () => { to.destroy() })
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    this.#server.close()
    await once(this.#server, 'close')
  }
}

export function portOf(server: net.Server): number {
  return (server.address() as net.AddressInfo).port
}

/** What the client of a recording learned from its own TLS library. */
export interface Witness {
  version: string | null
  suite: string
  alpn: string | false | null
  group: string | undefined
  resumed: boolean
  session: Buffer | undefined
  error: string | undefined
  /** Lines as for SSLKEYLOGFILE. */
  keyLog: string
}

/** A server of node:tls that answers each chunk with `pong`. */
export async function startServer(options: nodeTls.TlsOptions): Promise<nodeTls.Server> {
  const server = nodeTls.createServer(options, (socket) => {
    socket.on('data', () => { socket.write('pong') })
    socket.on('end', () => { socket.end() })
    socket.on('error', () => { socket.destroy() })
  })
  server.on('tlsClientError', () => undefined)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return server
}

/** One connection of node:tls to `port`: handshake, one ping, one pong, close. */
export async function talk(port: number, options: nodeTls.ConnectionOptions): Promise<Witness> {
  const witness: Witness = { version: null, suite: '', alpn: null, group: undefined, resumed: false, session: undefined, error: undefined, keyLog: '' }
  const socket = nodeTls.connect({ host: '127.0.0.1', port, servername: 'cart.shop.example', ...options })
  socket.on('keylog', (line: Buffer) => { witness.keyLog += line.toString() })
  socket.on('session', (session: Buffer) => { witness.session = session })
  socket.on('secureConnect', () => {
    const key = socket.getEphemeralKeyInfo() as { name?: string } | null
    witness.version = socket.getProtocol()
    witness.suite = socket.getCipher().standardName
    witness.alpn = socket.alpnProtocol
    witness.group = key?.name
    witness.resumed = socket.isSessionReused()
    socket.write('ping')
  })
  socket.on('data', () => { socket.end() })
  socket.on('error', (error: NodeJS.ErrnoException) => { witness.error = error.code ?? error.message })
  await new Promise<void>((resolve) => { socket.on('close', () => { resolve() }) })
  return witness
}

/** Bytes of one connection between a server and a client of node:tls, and what the client saw. */
export async function record(serverOptions: nodeTls.TlsOptions, clientOptions: nodeTls.ConnectionOptions): Promise<{ steps: Step[], witness: Witness }> {
  const server = await startServer(serverOptions)
  try {
    return await recordTo(portOf(server), clientOptions)
  } finally {
    server.close()
  }
}

export async function recordTo(port: number, clientOptions: nodeTls.ConnectionOptions): Promise<{ steps: Step[], witness: Witness }> {
  const recorder = new Recorder(port)
  try {
    const witness = await talk(await recorder.listen(), clientOptions)
    return { steps: recorder.steps, witness }
  } finally {
    await recorder.close()
  }
}
