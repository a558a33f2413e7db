import { dirname, resolve } from 'node:path'
import { MtlscopeError } from '../base/errors.ts'
import { run } from '../sys/exec.ts'
import type { RunResult } from '../sys/exec.ts'
import { onOneLine } from './answer.ts'

/** What a request is signed with beside the certificate of the kubeconfig. */
export interface Credentials { readonly token?: string, readonly cert?: string, readonly key?: string }

type Fields = Record<string, unknown>

const API_VERSION = /^client\.authentication\.k8s\.io\/v1(beta1)?$/
/** A person may have to answer in a browser. */
const TIMEOUT_MS = 120_000
/** A credential that ends sooner than this is asked for anew: the request still has to arrive. */
const MARGIN_MS = 10_000
const MAX_OUTPUT_BYTES = 1024 * 1024

/**
 * A user of a kubeconfig who signs in by another program (`users[].user.exec`, ExecCredential of client.authentication.k8s.io v1 and v1beta1).
 * It is started when it is first needed and again when what it gave has expired. Throws 'bad-kubeconfig' for what cannot be used.
 */
export class ExecSignIn {
  readonly #command: string
  readonly #args: readonly string[]
  readonly #env: NodeJS.ProcessEnv
  readonly #apiVersion: string
  readonly #cluster: object | undefined
  readonly #hint: string
  #given: Promise<Credentials & { expiresMs: number }> | undefined

  constructor(exec: unknown, file: string, cluster: object) {
    const { command, args, env, apiVersion, interactiveMode, provideClusterInfo, installHint } = asFields(exec)
    const bad = (what: string): MtlscopeError => new MtlscopeError('bad-kubeconfig', `${file}: the exec of its user ${what}`, { hint: 'see: kubectl config view', facts: { file } })
    if (typeof command !== 'string' || command === '') throw bad('names no command')
    if (typeof apiVersion !== 'string' || !API_VERSION.test(apiVersion)) throw bad(`speaks ${typeof apiVersion === 'string' ? onOneLine(apiVersion) : 'no apiVersion'}, which is not known; there are v1 and v1beta1 of client.authentication.k8s.io`)
    if (interactiveMode === 'Always') throw bad('wants to ask on the terminal (interactiveMode: Always), which is not supported')
    // A path with a slash begins at the folder of the file; a bare name is searched for.
    this.#command = command.includes('/') ? resolve(dirname(file), command) : command
    this.#args = Array.isArray(args) ? args.filter((arg) => typeof arg === 'string') : []
    this.#env = Object.fromEntries((Array.isArray(env) ? env.map(asFields) : []).flatMap(({ name, value }) => typeof name === 'string' && typeof value === 'string' ? [[name, value]] : []))
    this.#apiVersion = apiVersion
    this.#cluster = provideClusterInfo === true ? cluster : undefined
    this.#hint = typeof installHint === 'string' && installHint !== '' ? onOneLine(installHint) : `is it installed, and signed in? try: ${command}`
  }

  /** Throws 'bad-kubeconfig' with the last words of the program where it gives none. */
  async credentials(): Promise<Credentials> {
    const given = this.#given === undefined ? undefined : await this.#given.catch(() => undefined)
    if (given !== undefined && given.expiresMs - MARGIN_MS > Date.now()) return given
    if (given !== undefined || this.#given === undefined) this.#given = this.#ask()
    return await this.#given.catch((error: unknown) => {
      this.#given = undefined
      throw error
    })
  }

  /** It was not believed: the next one is a new one. */
  forget(): void {
    this.#given = undefined
  }

  async #ask(): Promise<Credentials & { expiresMs: number }> {
    const info = { kind: 'ExecCredential', apiVersion: this.#apiVersion, spec: { interactive: false, ...this.#cluster !== undefined && { cluster: this.#cluster } } }
    let result: RunResult
    try {
      result = await run(this.#command, this.#args, { timeoutMs: TIMEOUT_MS, maxOutputBytes: MAX_OUTPUT_BYTES, env: { ...process.env, ...this.#env, KUBERNETES_EXEC_INFO: JSON.stringify(info) } })
    } catch (cause) {
      throw this.#failed(cause instanceof Error ? cause.message : 'it could not be started', cause)
    }
    const { code, stdout, stderr } = result
    if (code !== 0) throw this.#failed(`it ended with ${code ?? result.signal}${stderr.trim() === '' ? '' : `: ${onOneLine(stderr.trim().split('\n').at(-1)!)}`}`)
    return this.#read(stdout)
  }

  #read(text: string): Credentials & { expiresMs: number } {
    const { apiVersion, status } = asFields(parseJson(text))
    if (apiVersion !== this.#apiVersion) throw this.#failed(`it answered with no ExecCredential of ${this.#apiVersion}`)
    const { token, clientCertificateData: cert, clientKeyData: key, expirationTimestamp } = asFields(status)
    const expiresMs = typeof expirationTimestamp === 'string' ? Date.parse(expirationTimestamp) : Infinity
    const hasPair = typeof cert === 'string' && typeof key === 'string'
    if (typeof token !== 'string' && !hasPair) throw this.#failed('it gave neither a token nor a certificate with its key')
    return { ...typeof token === 'string' && { token }, ...hasPair && { cert, key }, expiresMs: Number.isNaN(expiresMs) ? Infinity : expiresMs }
  }

  #failed(why: string, cause?: unknown): MtlscopeError {
    return new MtlscopeError('bad-kubeconfig', `cannot sign in by ${this.#command}: ${why}`, { hint: this.#hint, cause, facts: { command: this.#command } })
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function asFields(value: unknown): Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value as Fields : {}
}
