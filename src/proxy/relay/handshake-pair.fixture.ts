import assert from 'node:assert/strict'
import { CertificateAuthority } from '../../identity/ca.ts'
import { allocateAt, bytesAt, freeAt } from '../../sys/memory.ts'
import * as ssl from '../../sys/openssl.ts'
import { closeFd } from '../../sys/stream-socket.ts'
import type { PeerNames } from './identity-match.ts'
import { readPeerNames } from './peer-certificate.ts'
import type { TlsMaterial } from './relay.ts'
import { acceptNext, localAddress, openListener, startConnect } from './socket-calls.ts'
import type { TlsContexts } from './tls-contexts.ts'
import { TICKET_KEY_BYTES, openTlsContexts } from './tls-contexts.ts'
import { takeVerifiedNames } from './verified-chains.ts'

const HOUR_MS = 3600_000
/** A flight needs a turn or two; loopback has delivered it before a call returns. */
const MAX_TURNS = 100
const READ_BYTES = 64 * 1024

export class Authority {
  readonly #ca: CertificateAuthority
  readonly #validity: { readonly notBefore: Date, readonly notAfter: Date }

  private constructor(ca: CertificateAuthority, validity: { readonly notBefore: Date, readonly notAfter: Date }) {
    this.#ca = ca
    this.#validity = validity
  }

  static async create(): Promise<Authority> {
    const validity = { notBefore: new Date(Date.now() - HOUR_MS), notAfter: new Date(Date.now() + HOUR_MS) }
    return new Authority(await CertificateAuthority.create('pair.example', validity), validity)
  }

  async contexts(name: string, trusted: Authority = this): Promise<TlsContexts> {
    const svid = await this.#ca.issue({ spiffeId: `spiffe://pair.example/${name}`, dnsNames: [name], ...this.#validity })
    const material: TlsMaterial = { keyPem: svid.privateKeyPem, chainPem: svid.certificatePem, bundlePem: trusted.#ca.certificatePem }
    const tls = { minVersion: '1.3', groups: ['X25519'], alpn: 'pair', resumption: false } as const
    return openTlsContexts({ material, tls, ticketKeys: new Uint8Array(TICKET_KEY_BYTES), tunnel: false })
  }
}

interface End { readonly fd: number, readonly connection: number, done: boolean, verified: PeerNames | undefined, error: string }

export interface Outcome {
  /** What verification told of each end's peer; undefined: nothing. */
  readonly client: PeerNames | undefined
  readonly server: PeerNames | undefined
  /** What the certificate itself says to each; undefined where the handshake failed. */
  readonly shown: { readonly client: PeerNames | undefined, readonly server: PeerNames | undefined }
  readonly error: string
  /** What the server read after the handshake. */
  readonly read: string
}

/** A handshake over loopback, then `text` from the client, with the reads of both ends buffered as in a relay. */
export function shakeHands(client: TlsContexts, server: TlsContexts, text = ''): Outcome {
  const [outer, inner] = socketPair()
  const ends = [openEnd(outer, client.client), openEnd(inner, server.mtlsServer)] as const
  ssl.SSL_set_connect_state(ends[0].connection)
  ssl.SSL_set_accept_state(ends[1].connection)
  try {
    for (let turn = 0; turn < MAX_TURNS && !ends.every(({ done, error }) => done || error !== ''); turn++) {
      ends.forEach(step)
      if (ends[0].done) text = write(ends[0].connection, text)
    }
    const error = ends.map((end) => end.error).find((one) => one !== '') ?? ''
    const [asked, answering] = ends.map(({ connection, done }) => done ? readPeerNames(connection) : undefined)
    return { client: ends[0].verified, server: ends[1].verified, shown: { client: asked, server: answering }, error, read: error === '' ? read(ends[1].connection) : '' }
  } finally {
    for (const { fd, connection } of ends) {
      ssl.SSL_free(connection)
      closeFd(fd)
    }
  }
}

function step(end: End): void {
  if (end.done || end.error !== '') return
  const result = ssl.SSL_do_handshake(end.connection)
  end.verified = takeVerifiedNames() ?? end.verified
  end.done = result === 1
  if (end.done || ssl.SSL_get_error(end.connection, result) === ssl.SSL_ERROR_WANT_READ) return
  end.error = ssl.takeErrors().text
}

function openEnd(fd: number, context: number): End {
  const connection = ssl.SSL_new(context)
  assert.equal(ssl.SSL_set_fd(connection, fd), 1)
  ssl.bufferReads(connection, fd)
  return { fd, connection, done: false, verified: undefined, error: '' }
}

/** All of it; what is left then is nothing. */
function write(connection: number, text: string): '' {
  for (let rest = text; rest !== '';) {
    const address = allocateAt(rest.length)
    bytesAt(address, rest.length).set(Buffer.from(rest, 'latin1'))
    const count = ssl.SSL_write(connection, address, rest.length)
    freeAt(address)
    assert.ok(count > 0)
    rest = rest.slice(count)
  }
  return ''
}

/** Until nothing is left: from the buffer while it has something, then from the socket. */
function read(connection: number): string {
  const address = allocateAt(READ_BYTES)
  let text = ''
  for (;;) {
    ssl.unbufferReads(connection)
    const count = ssl.SSL_read(connection, address, READ_BYTES)
    if (count <= 0) break
    text += Buffer.from(bytesAt(address, count)).toString('latin1')
  }
  freeAt(address)
  return text
}

function socketPair(): [number, number] {
  const listener = openListener({ version: 4, words: [0, 0, 0, 0x7f00_0001], port: 0, scope: 0 }, { transparent: false, shared: false, backlog: 1 })
  assert.equal(typeof listener, 'number', String(listener))
  const address = localAddress(Number(listener))
  assert.ok(address)
  const outer = startConnect(address, undefined, 0)
  assert.ok(outer >= 0)
  const accepted = acceptNext(Number(listener))
  assert.ok(typeof accepted === 'object')
  closeFd(Number(listener))
  return [outer, accepted.fd]
}
