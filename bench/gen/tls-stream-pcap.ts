import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import net from 'node:net'
import tls from 'node:tls'
import type { Side } from '../../src/model/side.ts'
import { CLIENT, SERVER } from '../../src/model/side.ts'
import { makePki } from '../../src/protocols/tls/pki.fixture.ts'
import { PcapOutput } from './pcap-output.ts'
import { SeededRandom } from './seeded-random.ts'
import { ACK, FIN, PSH, SYN, TcpSpeaker } from './tcp-speaker.ts'

const SEGMENT_BYTES = 1448
const NOTHING = new Uint8Array(0)

/** Keep-alive requests of HTTP/1.1 within TLS, one after the other on each connection. */
export interface TlsStream {
  /** As OpenSSL names it; of TLS 1.3, or of TLS 1.2 with a certificate of RSA. */
  readonly suite: string
  readonly connections: number
  readonly requests: number
  readonly answerBytes: number
}

/** Writes what node:tls and itself said over the loopback, in segments as an Ethernet carries them, and their secrets in the SSLKEYLOGFILE format. */
export async function writeTlsStream(stream: TlsStream, path: string, keyLogPath: string): Promise<{ sizeBytes: number }> {
  const pki = await makePki()
  const suites = stream.suite.startsWith('TLS_') ? { ciphers: stream.suite, minVersion: 'TLSv1.3' as const } : { ciphers: stream.suite, maxVersion: 'TLSv1.2' as const }
  const server = tls.createServer({ ...pki.rsaServer, ...suites }, (socket) => answerAll(socket, stream.answerBytes))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const out = new PcapOutput(path)
  const keyLog: Buffer[] = []
  server.on('keylog', (line: Buffer) => keyLog.push(line))
  try {
    for (let i = 0; i < stream.connections; i++) await talk(new Wire(i, out), (server.address() as net.AddressInfo).port, suites, stream.requests)
  } finally {
    server.close()
    out.close()
  }
  writeFileSync(keyLogPath, Buffer.concat(keyLog))
  return { sizeBytes: out.sizeBytes }
}

function answerAll(socket: tls.TLSSocket, bodyBytes: number): void {
  const answer = `HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: ${bodyBytes}\r\n\r\n${'x'.repeat(bodyBytes)}`
  let text = ''
  socket.on('error', () => socket.destroy())
  socket.on('data', (bytes: Buffer) => {
    text += bytes.toString('latin1')
    for (let end = text.indexOf('\r\n\r\n'); end >= 0; end = text.indexOf('\r\n\r\n')) {
      text = text.slice(end + 4)
      socket.write(answer)
    }
  })
}

/** One connection, through a forwarder that sees its bytes. */
async function talk(wire: Wire, port: number, suites: tls.ConnectionOptions, requests: number): Promise<void> {
  const forwarder = net.createServer((near) => {
    const far = net.connect({ port, host: '127.0.0.1' })
    for (const [from, to, side] of [[near, far, CLIENT], [far, near, SERVER]] as const) {
      from.setNoDelay()
      from.on('data', (bytes: Buffer<ArrayBuffer>) => {
        wire.say(side, bytes)
        to.write(bytes)
      })
      from.on('end', () => to.end())
      from.on('error', () => to.destroy())
    }
  })
  forwarder.listen(0, '127.0.0.1')
  await once(forwarder, 'listening')
  const socket = tls.connect({ host: '127.0.0.1', port: (forwarder.address() as net.AddressInfo).port, rejectUnauthorized: false, servername: 'cart.shop.example', ...suites })
  await once(socket, 'secureConnect')
  for (let i = 0; i < requests; i++) await ask(socket, i)
  socket.end()
  await once(socket, 'close')
  forwarder.close()
  wire.close()
}

async function ask(socket: tls.TLSSocket, number: number): Promise<void> {
  socket.write(`GET /cart/${number} HTTP/1.1\r\nHost: cart.shop.example\r\nAccept: text/plain\r\n\r\n`)
  let left = -1
  while (left !== 0) {
    const [bytes] = await once(socket, 'data') as [Buffer]
    if (left < 0) left = Number(/Content-Length: (\d+)/.exec(bytes.toString('latin1'))![1]) + bytes.indexOf('\r\n\r\n') + 4
    left -= bytes.length
  }
}

const clock = { atMicros: 1_718_875_800_000_000 }

/** The connection as packets, acknowledged as by a peer that has nothing to say yet. */
class Wire {
  readonly #ends: readonly [TcpSpeaker, TcpSpeaker]
  readonly #out: PcapOutput
  readonly #random = new SeededRandom(1)

  constructor(number: number, out: PcapOutput) {
    const client = new TcpSpeaker({ mac: 0x0a000000 + number, ip: 0x0a000000 + 10 + number, port: 32768 + number }, this.#random)
    const server = new TcpSpeaker({ mac: 0x0a010001, ip: 0x0a010001, port: 443 }, this.#random)
    client.meet(server)
    this.#ends = [client, server]
    this.#out = out
    this.#packet(CLIENT, SYN)
    this.#packet(SERVER, SYN | ACK)
    this.#packet(CLIENT, ACK)
  }

  #packet(side: Side, flags: number, payload = NOTHING, from = 0, to = payload.length): void {
    clock.atMicros += this.#random.between(1, 30)
    this.#ends[side].say(this.#out, clock.atMicros, flags, payload, from, to)
  }

  say(side: Side, bytes: Uint8Array<ArrayBuffer>): void {
    for (let from = 0; from < bytes.length; from += SEGMENT_BYTES) this.#packet(side, PSH | ACK, bytes, from, Math.min(bytes.length, from + SEGMENT_BYTES))
    this.#packet(side === CLIENT ? SERVER : CLIENT, ACK)
  }

  close(): void {
    this.#packet(CLIENT, FIN | ACK)
    this.#packet(SERVER, FIN | ACK)
    this.#packet(CLIENT, ACK)
  }
}
