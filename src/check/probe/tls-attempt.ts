import { isIP } from 'node:net'
import { connect } from 'node:tls'
import type { ConnectionOptions, SecureVersion } from 'node:tls'
import { Deadline } from '../../base/deadline.ts'
import type { Handshake } from '../../protocols/tls/handshake.ts'
import { connectFrom } from '../../sys/tcp-connect.ts'
import type { ProxyPass } from '../../sys/tcp-connect.ts'
import type { ProbeTarget } from '../verdict.ts'
import type { ProbeBounds } from './bounds.ts'
import type { ForeignIdentity } from './foreign-identity.ts'
import { readRecording } from './read-recording.ts'
import type { ServerEnd } from './recording.ts'
import { Recording } from './recording.ts'

/** Where a round trip is long, the probe waits for a refusal so many of them. */
const SETTLE_ROUND_TRIPS = 10

/** What one TLS connection came to. */
export interface TlsAttempt {
  /** Our own end finished the handshake. */
  readonly secured: boolean
  /** It was watched for so long after that. */
  readonly settledMs: number
  readonly answered: boolean
  readonly serverEnd: ServerEnd
  /** Code of the network's error, where that ended it. */
  readonly error: string | undefined
  readonly handshake: Handshake | undefined
  readonly alert: string | undefined
}

export interface TlsAttemptOptions {
  readonly target: ProbeTarget
  readonly version: SecureVersion
  /** Undefined: no certificate is shown. */
  readonly identity: ForeignIdentity | undefined
  /** As connectFrom. */
  readonly pass: ProxyPass | undefined
  readonly bounds: ProbeBounds
  readonly signal: AbortSignal | undefined
}

/** One handshake and no more: no application data is sent. Throws as connectFrom does. */
export async function attemptTls(options: TlsAttemptOptions): Promise<TlsAttempt> {
  const { target } = options
  const recording = new Recording(connectFrom(target.netnsPath ?? '', target.ip, target.port, options.pass))
  const { secured, settledMs, keyLog } = await handshake(recording, options)
  const { handshake: seen, alert } = readRecording(recording.chunks, keyLog)
  const { answered, serverEnd, error } = recording
  return { secured, settledMs, answered, serverEnd, error, handshake: seen, alert }
}

function handshake(recording: Recording, options: TlsAttemptOptions): Promise<{ secured: boolean, settledMs: number, keyLog: string }> {
  return new Promise((resolve) => {
    const startedMs = performance.now()
    let [keyLog, securedMs] = ['', -1]
    const socket = connect(tlsOptions(recording, options))
    const finish = (): void => {
      deadline.end()
      options.signal?.removeEventListener('abort', finish)
      const secured = securedMs >= 0
      // A close_notify where the server is still there, so that its log has nothing to complain of.
      if (secured && recording.serverEnd === 'open') socket.end()
      setImmediate(() => socket.destroy())
      resolve({ secured, settledMs: secured ? performance.now() - securedMs : 0, keyLog })
    }
    // An alert that is there already is read before a time is over.
    let deadline = new Deadline(options.bounds.handshakeMs, finish)
    socket.on('keylog', (line: Buffer) => { keyLog += line.toString('latin1') })
    socket.once('secureConnect', () => {
      securedMs = performance.now()
      deadline.end()
      deadline = new Deadline(Math.max(options.bounds.settleMs, SETTLE_ROUND_TRIPS * (securedMs - startedMs)), finish)
    })
    socket.on('error', finish)
    socket.on('close', finish)
    socket.resume()
    options.signal?.addEventListener('abort', finish)
  })
}

function tlsOptions(socket: Recording, { target, version, identity }: TlsAttemptOptions): ConnectionOptions {
  const alpn = (target.alpn ?? []).filter((name) => /^[\x21-\x7e]{1,255}$/.test(name))
  return {
    socket, minVersion: version, maxVersion: version, rejectUnauthorized: false, checkServerIdentity: () => undefined,
    // What is weak is said of the observed connections: here it must not hide what the server does about certificates.
    ciphers: 'DEFAULT:@SECLEVEL=0',
    ...(target.sni !== undefined && isIP(target.sni) === 0 && { servername: target.sni }),
    ...(alpn.length > 0 && { ALPNProtocols: alpn }),
    ...identity,
  }
}
