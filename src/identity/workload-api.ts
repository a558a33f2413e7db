import { connect as connectHttp2 } from 'node:http2'
import type { ClientHttp2Session, ClientHttp2Stream, IncomingHttpHeaders } from 'node:http2'
import { connect } from 'node:net'
import { MtlscopeError } from '../base/errors.ts'
import type { IdentityEvents, IdentitySource } from './identity-source.ts'
import { checkIdentity } from './material.ts'
import type { Identity, IdentityMaterial } from './material.ts'
import { retryAfterMs } from './retry.ts'
import { parseSvidResponse } from './workload-response.ts'

const METHOD = '/SpiffeWorkloadAPI/FetchX509SVID'
const PREFIX_BYTES = 5
/** An answer with all bundles of a large federation stays well below. */
const MAX_MESSAGE_BYTES = 4 * 1024 * 1024
/** A Workload API answers at once, or says that it has nothing. One that takes the call and stays silent is told of after this time. */
const SILENCE_MS = 10_000
/** gRPC's PERMISSION_DENIED: no identity is registered for this workload (yet). */
const PERMISSION_DENIED = '7'

/** An identity of a SPIFFE Workload API, by its stream of X.509-SVIDs. Asks again for as long as it is open. */
export function openWorkloadApi(socketPath: string, events: IdentityEvents): IdentitySource {
  return new WorkloadApi(socketPath, events)
}

class WorkloadApi implements IdentitySource {
  readonly first: Promise<Identity>
  readonly #socketPath: string
  readonly #events: IdentityEvents
  #deliverFirst: (identity: Identity) => void = () => {}
  #session: ClientHttp2Session | undefined
  #held: Buffer = Buffer.alloc(0)
  #current: string | undefined
  #failures = 0
  #timer: NodeJS.Timeout | undefined
  #silence: NodeJS.Timeout | undefined
  /** Looks again at an SVID that is of no use yet. */
  #again: NodeJS.Timeout | undefined
  #closed = false

  constructor(socketPath: string, events: IdentityEvents) {
    this.#socketPath = socketPath
    this.#events = events
    this.first = new Promise((resolve) => { this.#deliverFirst = resolve })
    this.#connect()
  }

  /** The server sends what is new by itself. */
  refresh(): void {}

  close(): void {
    this.#closed = true
    for (const timer of [this.#timer, this.#silence, this.#again]) clearTimeout(timer)
    this.#session?.destroy()
  }

  #connect(): void {
    this.#held = Buffer.alloc(0)
    const session = connectHttp2('http://localhost', { createConnection: () => connect(this.#socketPath) })
    this.#session = session
    let why = 'it ended the stream'
    session.on('error', (error: NodeJS.ErrnoException) => { why = error.code ?? error.message })
    session.on('close', () => { if (session === this.#session) this.#ended(why) })
    const stream = session.request({ ':method': 'POST', ':path': METHOD, 'content-type': 'application/grpc', te: 'trailers', 'workload.spiffe.io': 'true' })
    stream.end(Buffer.alloc(PREFIX_BYTES))
    const note = (headers: IncomingHttpHeaders): void => { why = statusText(headers) ?? why }
    stream.on('response', note)
    stream.on('trailers', note)
    stream.on('error', (error) => { why = error.message })
    stream.on('data', (chunk: Buffer) => this.#take(chunk, stream))
    stream.on('close', () => session.destroy())
    this.#silence = setTimeout(() => this.#events.kept(this.#nothing('it takes the call and answers nothing')), SILENCE_MS)
  }

  /** gRPC over HTTP/2: a byte for compression, four for the length, the message. */
  #take(chunk: Buffer, stream: ClientHttp2Stream): void {
    clearTimeout(this.#silence)
    this.#held = Buffer.concat([this.#held, chunk])
    while (this.#held.length >= PREFIX_BYTES) {
      const length = this.#held.readUInt32BE(1)
      if (this.#held[0] !== 0 || length > MAX_MESSAGE_BYTES) {
        this.#events.kept(new MtlscopeError('bad-identity', 'the answer of the Workload API is compressed or too large'))
        return stream.close()
      }
      if (this.#held.length < PREFIX_BYTES + length) return
      const message = this.#held.subarray(PREFIX_BYTES, PREFIX_BYTES + length)
      this.#held = this.#held.subarray(PREFIX_BYTES + length)
      this.#use(message)
    }
  }

  #use(message: Uint8Array): void {
    if (this.#closed) return
    clearTimeout(this.#again)
    try {
      this.#offer(parseSvidResponse(message), 1)
    } catch (error) {
      if (!(error instanceof MtlscopeError)) throw error
      this.#events.kept(error)
    }
  }

  /** What does not hold yet may hold later, by nothing but time: it is not sent again for that. */
  #offer(material: IdentityMaterial, attempt: number): void {
    try {
      this.#deliver(checkIdentity(material, Date.now()))
    } catch (error) {
      if (!(error instanceof MtlscopeError)) throw error
      if (attempt === 1) this.#events.kept(error)
      this.#again = setTimeout(() => this.#offer(material, attempt + 1), retryAfterMs(attempt))
    }
  }

  #deliver(identity: Identity): void {
    const { keyPem, chainPem, bundlePem } = identity.material
    const text = keyPem + chainPem + bundlePem
    this.#failures = 0
    if (text === this.#current) return
    const isFirst = this.#current === undefined
    this.#current = text
    if (isFirst) this.#deliverFirst(identity)
    else this.#events.changed(identity)
  }

  #nothing(why: string): MtlscopeError {
    return new MtlscopeError('no-workload-api', `no identity from the Workload API at ${this.#socketPath}: ${why}`, { facts: { socket: this.#socketPath } })
  }

  #ended(why: string): void {
    clearTimeout(this.#silence)
    if (this.#closed) return
    this.#failures++
    this.#events.kept(this.#nothing(why))
    this.#timer = setTimeout(() => this.#connect(), retryAfterMs(this.#failures))
  }
}

function statusText(headers: IncomingHttpHeaders): string | undefined {
  const status = headers['grpc-status']
  if (status === undefined || status === '0') return undefined
  if (status === PERMISSION_DENIED) return 'no identity is registered for this workload'
  return `gRPC status ${String(status)} ${decodeURIComponentSafely(String(headers['grpc-message'] ?? ''))}`.trim()
}

function decodeURIComponentSafely(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
