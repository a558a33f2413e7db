import { MtlscopeError } from '../../base/errors.ts'
import { SERVER } from '../../model/side.ts'
import type { CertificateFacts } from '../../protocols/tls/certificate.ts'
import { describeCertificate } from '../../protocols/tls/certificate.ts'
import type { ProxyPass } from '../../sys/tcp-connect.ts'
import type { ProbeAttempt, ProbeResult, ProbeTarget } from '../verdict.ts'
import type { ProbeBounds } from './bounds.ts'
import { DEFAULT_BOUNDS } from './bounds.ts'
import type { Confirm } from './consent.ts'
import { addressText, planConsent } from './consent.ts'
import { foreignIdentity } from './foreign-identity.ts'
import { judgePlaintextAttempt } from './judge-plaintext-attempt.ts'
import type { TlsProbeAttempt } from './judge-tls-attempt.ts'
import { judgeTlsAttempt, speaksTls } from './judge-tls-attempt.ts'
import type { PlaintextOptions } from './plaintext-attempt.ts'
import { attemptPlaintext } from './plaintext-attempt.ts'
import type { TlsAttempt } from './tls-attempt.ts'
import { attemptTls } from './tls-attempt.ts'

/** Servers that are probed at the same time; the connections to one follow each other. */
const AT_ONCE = 8
const NOT_REACHED = new Set(['ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH', 'ETIMEDOUT'])

const TLS_ATTEMPTS = [
  { kind: 'no-certificate', version: 'TLS 1.3', secure: 'TLSv1.3' },
  { kind: 'no-certificate', version: 'TLS 1.2', secure: 'TLSv1.2' },
  { kind: 'foreign-certificate', version: 'TLS 1.3', secure: 'TLSv1.3' },
  { kind: 'foreign-certificate', version: 'TLS 1.2', secure: 'TLSv1.2' },
] as const

const WITH = { 'no-certificate': 'without a certificate', 'foreign-certificate': 'with a certificate of an unknown issuer' } as const

export interface ProbeOptions {
  readonly signal?: AbortSignal
  /** Whether an address is one of a network namespace of this machine. Default: none but the loopback is. */
  readonly isOwn?: (ip: string) => boolean
  /** What no rule redirects out of a namespace, which is what its proxy sends: else a probe would meet the proxy of the client. */
  readonly passOf?: (netnsPath: string) => ProxyPass | undefined
  /** Asked before any other address is touched. Default: they are not. */
  readonly confirm?: Confirm
  readonly bounds?: ProbeBounds
}

/**
 * Finds out what servers do about clients without a certificate, with one of an unknown issuer, and without TLS: at most five connections to
 * each, one after the other, on which no application data is sent. Never throws for what a server does; what could not be found out is 'unknown'.
 */
export async function probeServers(targets: readonly ProbeTarget[], options: ProbeOptions = {}): Promise<readonly ProbeResult[]> {
  const { free, foreign } = planConsent(targets, options.isOwn ?? (() => false))
  const allowed = foreign.length > 0 && await (options.confirm?.([...new Set(foreign.map(addressText))]) ?? false)
  const results = new Map<ProbeTarget, ProbeResult>()
  const queue = [...free, ...(allowed ? foreign : [])]
  if (!allowed) for (const target of foreign) results.set(target, unprobed(target, 'not probed: the address is not of this machine, and nobody agreed to it (--yes)'))
  const work = async (): Promise<void> => {
    for (let target = queue.shift(); target !== undefined; target = queue.shift()) results.set(target, await probeServer(target, options))
  }
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, queue.length) }, work))
  return targets.map((target) => results.get(target)!)
}

async function probeServer(target: ProbeTarget, options: ProbeOptions): Promise<ProbeResult> {
  const atMicros = Date.now() * 1000
  const run = new ServerProbe(target, options)
  for (const step of TLS_ATTEMPTS) await run.tls(step)
  await run.plaintext()
  return { ...place(target), atMicros, attempts: run.attempts, chain: run.chain }
}

type TlsStep = (typeof TLS_ATTEMPTS)[number]

/** The attempts at one server. What could say nothing new, or reaches nobody, is not tried. */
class ServerProbe {
  readonly attempts: ProbeAttempt[] = []
  chain: readonly CertificateFacts[] = []
  readonly #target: ProbeTarget
  readonly #options: ProbeOptions
  readonly #pass: ProxyPass | undefined
  /** Why there are no more connections at all. */
  #stopped: string | undefined
  #noTls = false
  /** What came of each version without a certificate. */
  readonly #without = new Map<string, TlsProbeAttempt>()

  constructor(target: ProbeTarget, options: ProbeOptions) {
    this.#target = target
    this.#options = options
    this.#pass = target.netnsPath === undefined ? undefined : options.passOf?.(target.netnsPath)
  }

  async tls(step: TlsStep): Promise<void> {
    const { kind, version, secure } = step
    const identity = kind === 'foreign-certificate' ? await foreignIdentity() : undefined
    const attempt = this.#needless(step) ?? await this.#try(() => attemptTls({ ...this.#common(), version: secure, identity }))
    if (typeof attempt === 'string') return void this.attempts.push({ kind, version, outcome: 'unknown', what: `${version} ${WITH[kind]}: not tried: ${attempt}` })
    if (attempt.error !== undefined && NOT_REACHED.has(attempt.error)) this.#stopped = `the server could not be reached: ${attempt.error}`
    const judged = judgeTlsAttempt(kind, version, attempt)
    if (kind === 'no-certificate') this.#without.set(version, judged)
    this.#noTls ||= !speaksTls(attempt)
    this.attempts.push(judged)
    if (this.chain.length === 0) this.chain = chainOf(attempt)
  }

  #needless({ kind, version }: TlsStep): string | undefined {
    if (this.#noTls && this.#stopped === undefined) return 'the server does not answer in TLS'
    if (kind === 'no-certificate') return undefined
    const without = this.#without.get(version)
    if (without?.requested === false) return 'the server does not ask for a certificate, so there is nobody to show one to'
    return without?.alert === 'protocol_version' ? 'the server does not speak this version' : undefined
  }

  async plaintext(): Promise<void> {
    const attempt = await this.#try(() => attemptPlaintext(this.#common()))
    this.attempts.push(typeof attempt === 'string'
      ? { kind: 'plaintext', outcome: 'unknown', what: `plaintext: not tried: ${attempt}` }
      : judgePlaintextAttempt(attempt, this.#target.tls))
  }

  #common(): PlaintextOptions {
    const { bounds = DEFAULT_BOUNDS, signal } = this.#options
    return { target: this.#target, pass: this.#pass, bounds, signal }
  }

  /** A text: why it was not tried. */
  async #try<T>(attempt: () => Promise<T>): Promise<T | string> {
    if (this.#options.signal?.aborted) this.#stopped ??= 'interrupted'
    if (this.#stopped !== undefined) return this.#stopped
    try {
      return await attempt()
    } catch (error) {
      if (!(error instanceof MtlscopeError)) throw error
      return this.#stopped = error.message
    }
  }
}

function chainOf({ handshake }: TlsAttempt): CertificateFacts[] {
  return (handshake?.sides[SERVER].certificates?.ders ?? []).map(describeCertificate)
}

function unprobed(target: ProbeTarget, what: string): ProbeResult {
  const attempts: ProbeAttempt[] = [...TLS_ATTEMPTS.map(({ kind, version }) => ({ kind, version, outcome: 'unknown' as const, what })), { kind: 'plaintext', outcome: 'unknown', what }]
  return { ...place(target), atMicros: Date.now() * 1000, attempts, chain: [] }
}

function place({ ip, port, netnsPath, sni }: ProbeTarget): Pick<ProbeResult, 'ip' | 'port' | 'namespace' | 'sni'> {
  return { ip, port, ...(sni !== undefined && { sni }), ...(netnsPath !== undefined && netnsPath !== '' && { namespace: netnsPath.replace(/^\/run\/netns\//, '') }) }
}
