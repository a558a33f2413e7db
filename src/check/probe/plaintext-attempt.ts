import { Deadline } from '../../base/deadline.ts'
import { connectFrom } from '../../sys/tcp-connect.ts'
import type { ProxyPass } from '../../sys/tcp-connect.ts'
import type { ProbeTarget } from '../verdict.ts'
import type { ProbeBounds } from './bounds.ts'
import type { ServerEnd } from './recording.ts'

/** For the rest of what the server has begun to say. */
const REST_MS = 50
/** Some of an answer is enough to tell what it is. */
const MAX_ANSWER_BYTES = 4096

/**
 * What is sent where the server does not speak first: a ChangeCipherSpec record of TLS. It is no data of any application. Before a
 * ClientHello a TLS server must take it for an unexpected record and end the connection with an unexpected_message alert
 * (RFC 8446 §5 and §5.1; RFC 5246 §7.2.2), so whoever answers otherwise does not read TLS here.
 */
export const CHANGE_CIPHER_SPEC = Uint8Array.of(0x14, 3, 3, 0, 1, 1)

/** What a connection without TLS came to. */
export interface PlaintextAttempt {
  /** What the server said before anything was sent; empty where it waits. */
  readonly first: Uint8Array
  /** What it said to the record. */
  readonly answer: Uint8Array
  readonly serverEnd: ServerEnd
  readonly error: string | undefined
}

export interface PlaintextOptions {
  readonly target: ProbeTarget
  /** As connectFrom. */
  readonly pass: ProxyPass | undefined
  readonly bounds: ProbeBounds
  readonly signal: AbortSignal | undefined
}

/** Throws as connectFrom does. */
export function attemptPlaintext({ target, pass, bounds, signal }: PlaintextOptions): Promise<PlaintextAttempt> {
  const socket = connectFrom(target.netnsPath ?? '', target.ip, target.port, pass)
  return new Promise((resolve) => {
    const heard = { first: Buffer.alloc(0), answer: Buffer.alloc(0) }
    let [asked, serverEnd, error]: [boolean, ServerEnd, string | undefined] = [false, 'open', undefined]
    const finish = (): void => {
      deadline.end()
      signal?.removeEventListener('abort', finish)
      socket.destroy()
      resolve({ ...heard, serverEnd, error })
    }
    const ask = (): void => {
      asked = true
      deadline.end()
      deadline = new Deadline(bounds.answerMs, finish)
      socket.write(CHANGE_CIPHER_SPEC)
    }
    // What was said already is read before a time is over.
    let deadline = new Deadline(bounds.serverFirstMs, ask)
    socket.on('data', (bytes: Buffer) => {
      const key = asked ? 'answer' : 'first'
      heard[key] = Buffer.concat([heard[key], bytes]).subarray(0, MAX_ANSWER_BYTES)
      deadline.end()
      deadline = new Deadline(REST_MS, finish)
    })
    socket.on('end', () => { serverEnd = 'closed' })
    socket.on('error', (cause: NodeJS.ErrnoException) => {
      error = cause.code ?? cause.message
      if (error === 'ECONNRESET' || error === 'EPIPE') serverEnd = 'reset'
    })
    socket.on('close', finish)
    signal?.addEventListener('abort', finish)
  })
}
