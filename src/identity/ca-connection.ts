import type { IncomingMessage } from 'node:http'
import { request } from 'node:https'
import { isIP } from 'node:net'
import type { PeerCertificate } from 'node:tls'
import { MtlscopeError } from '../base/errors.ts'
import { authoritySpiffeId } from './certificate-names.ts'

const DEFAULT_CA_PORT = 8444
/** A chain and a bundle of two roots have 5 KiB. */
const MAX_ANSWER_BYTES = 256 * 1024

export interface CaConnection {
  readonly address: string
  readonly bundlePem: string
  readonly token: string
  readonly trustDomain: string
  readonly timeoutMs: number
}

interface Reply { readonly status: number, readonly text: string }

/** Throws 'usage' for anything but host:port, [v6]:port, host or v6. */
export function parseCaAddress(address: string): { host: string, port: number } {
  const [, bracketed, plain, digits] = /^(?:\[([0-9a-fA-F:.]+)\]|([^\s:/[\]]+))(?::(\d{1,5}))?$/.exec(address) ?? []
  const host = bracketed ?? plain ?? (isIP(address) === 6 ? address : undefined)
  const port = digits === undefined ? DEFAULT_CA_PORT : Number(digits)
  if (host === undefined || port < 1 || port > 65535) throw new MtlscopeError('usage', `not an address of a CA: ${address}`, { hint: `host:port, as in ca.shop.test:${DEFAULT_CA_PORT}` })
  return { host, port }
}

/** The JSON object of a 200 answer. Throws 'ca-refused' for 4xx, 'ca-unreachable' for the rest. */
export async function postJson(connection: CaConnection, path: string, body: object): Promise<object> {
  const { status, text } = await exchange(connection, path, JSON.stringify(body))
  const value = parseAnswer(text)
  const { address } = connection
  if (status === 200 && value !== undefined) return value
  const told = (value as { error?: { message?: unknown } } | undefined)?.error?.message
  const message = typeof told === 'string' ? told.slice(0, 300) : `status ${status}`
  // 429 is a matter of time.
  if (status >= 400 && status < 500 && status !== 429) throw new MtlscopeError('ca-refused', `the CA at ${address} refused: ${message}`, { facts: { address, status } })
  throw unreachable(address, `it answered ${message}`, undefined, status)
}

function parseAnswer(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? value : undefined
  } catch {
    return undefined
  }
}

async function exchange(connection: CaConnection, path: string, body: string): Promise<Reply> {
  const { address, bundlePem, token, trustDomain, timeoutMs } = connection
  const { host, port } = parseCaAddress(address)
  return await new Promise((resolve, reject) => {
    const outgoing = request({
      host, port, path, method: 'POST', agent: false, ca: bundlePem, minVersion: 'TLSv1.3',
      // Said aloud: a variable of the environment can turn the default off.
      rejectUnauthorized: true,
      // Addresses may not be told as a server name (RFC 6066 §3).
      servername: isIP(host) === 0 ? host : '',
      checkServerIdentity: (_host, certificate) => objectionToServer(certificate, trustDomain),
      signal: AbortSignal.timeout(timeoutMs),
      headers: { 'authorization': `Bearer ${token}`, 'content-type': 'application/json', 'content-length': Buffer.byteLength(body), 'connection': 'close' },
    }, (incoming) => { readReply(incoming).then(resolve, (error: unknown) => reject(unreachable(address, reasonOf(error, timeoutMs), error))) })
    outgoing.on('error', (error) => reject(unreachable(address, reasonOf(error, timeoutMs), error)))
    outgoing.end(body)
  })
}

/** The chain is checked by then. A name would not do: every workload has a certificate of the same roots. */
function objectionToServer(certificate: PeerCertificate, trustDomain: string): Error | undefined {
  const uris = (certificate.subjectaltname ?? '').split(', ').filter((name) => name.startsWith('URI:'))
  const wanted = authoritySpiffeId(trustDomain)
  return uris.join() === `URI:${wanted}` ? undefined : new Error(`its certificate is not that of ${wanted}`)
}

async function readReply(incoming: IncomingMessage): Promise<Reply> {
  const chunks: Buffer[] = []
  let sizeBytes = 0
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    sizeBytes += chunk.length
    if (sizeBytes > MAX_ANSWER_BYTES) throw new Error(`its answer has more than ${MAX_ANSWER_BYTES} bytes`)
    chunks.push(chunk)
  }
  return { status: incoming.statusCode ?? 0, text: Buffer.concat(chunks).toString('utf8') }
}

function reasonOf(error: unknown, timeoutMs: number): string {
  const { code, message, name } = error as NodeJS.ErrnoException
  if (name === 'AbortError' || name === 'TimeoutError') return `no answer within ${timeoutMs} ms`
  return code === undefined || code === 'ABORT_ERR' ? message : code
}

function unreachable(address: string, why: string, cause?: unknown, status?: number): MtlscopeError {
  return new MtlscopeError('ca-unreachable', `no certificate from the CA at ${address}: ${why}`, { facts: { address, status }, cause })
}
