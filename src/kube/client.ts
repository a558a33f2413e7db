import { Agent as HttpAgent, request as httpRequest } from 'node:http'
import type { ClientRequest, IncomingMessage, RequestOptions } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import type { Duplex } from 'node:stream'
import { MtlscopeError } from '../base/errors.ts'
import { readText, reasonOf, refusalOf, statusOf } from './answer.ts'
import type { ClusterAccess } from './kubeconfig.ts'
import type { WatchHandlers } from './watch.ts'
import { watchList } from './watch.ts'

const TIMEOUT_MS = 15_000
/** What changes objects waits for webhooks, which may take ten seconds each. */
const CHANGE_TIMEOUT_MS = 45_000
const KEEP_ALIVE_MS = 15_000

const PATCH_TYPES = {
  merge: 'application/merge-patch+json', strategic: 'application/strategic-merge-patch+json', json: 'application/json-patch+json', apply: 'application/apply-patch+yaml',
} as const

/** Logs and what is handed through to a kubelet are no JSON, and are refused (406) where only that is accepted. */
const ANYTHING = { accept: '*/*' }

interface Question { readonly method: string, readonly path: string, readonly body?: object, readonly type?: string, readonly headers?: Record<string, string>, readonly timeoutMs?: number, readonly signal?: AbortSignal }
interface Answer { readonly status: number, readonly text: string }
/** A connection that left HTTP, with what was already read of it. */
export interface Upgraded { readonly socket: Duplex, readonly head: Buffer, readonly protocol: string, readonly accept: string }

/** Asks one API server. Connections stay open between questions; `close` ends them. */
export class KubeClient {
  readonly access: ClusterAccess
  readonly #agent: HttpAgent

  constructor(access: ClusterAccess) {
    const { ca, insecure, cert, key, serverName } = access
    this.access = access
    this.#agent = access.server.protocol === 'http:'
      ? new HttpAgent({ keepAlive: true })
      : new HttpsAgent({ keepAlive: true, ca, cert, key, rejectUnauthorized: !insecure, ...serverName !== undefined && { servername: serverName } })
  }

  /** `path`: from the root, with its query. All of these throw 'kube-unreachable', 'kube-refused' (401, 403) and 'kube-failed', whose status `statusOf` tells. */
  async get(path: string): Promise<unknown> {
    return await this.#ask({ method: 'GET', path })
  }

  /** Like `get`; undefined for what is not there. */
  async find(path: string): Promise<unknown> {
    return await this.get(path).catch(undefinedWhereMissing)
  }

  async post(path: string, body: object): Promise<unknown> {
    return await this.#ask({ method: 'POST', path, body })
  }

  async put(path: string, body: object): Promise<unknown> {
    return await this.#ask({ method: 'PUT', path, body })
  }

  /** `kind` 'apply' is server-side apply and wants `?fieldManager=` in the path. */
  async patch(path: string, body: object, kind: keyof typeof PATCH_TYPES = 'merge'): Promise<unknown> {
    return await this.#ask({ method: 'PATCH', path, body, type: PATCH_TYPES[kind] })
  }

  /** `options`: DeleteOptions, such as `{ propagationPolicy: 'Background' }`. What is gone already is deleted: undefined. */
  async delete(path: string, options: object = {}): Promise<unknown> {
    return await this.#ask({ method: 'DELETE', path, body: { kind: 'DeleteOptions', apiVersion: 'v1', ...options } }).catch(undefinedWhereMissing)
  }

  /** Follows the objects of a list until `signal`: see WatchHandlers. Rejects only where the first list fails. */
  async watch<T = unknown>(path: string, handlers: WatchHandlers<T>, signal: AbortSignal): Promise<void> {
    await watchList(this, path, handlers, signal)
  }

  /** An answer that is read as it comes: a watch, a log. */
  async open(path: string, signal?: AbortSignal): Promise<IncomingMessage> {
    const question: Question = { method: 'GET', path, headers: ANYTHING, ...signal !== undefined && { signal } }
    const response = await this.#answerTo(question)
    response.socket.setKeepAlive(true, KEEP_ALIVE_MS)
    if (response.statusCode === 200) return response
    throw this.#refusal(response.statusCode ?? 0, await readText(response).catch(() => ''), question)
  }

  /** Makes a WebSocket of a connection (RFC 6455 §4.1): `headers` are those of its handshake. Throws 'kube-failed' where the server stays with HTTP. */
  async upgrade(path: string, headers: Record<string, string>): Promise<Upgraded> {
    const question: Question = { method: 'GET', path, headers: { ...headers, ...ANYTHING, connection: 'Upgrade', upgrade: 'websocket' } }
    const request = await this.#begin(question)
    return await new Promise((resolve, reject) => {
      const timer = timeoutOf(request, TIMEOUT_MS)
      request.once('upgrade', (response: IncomingMessage, socket: Duplex, head: Buffer) => {
        clearTimeout(timer)
        resolve({ socket, head, protocol: String(response.headers['sec-websocket-protocol'] ?? ''), accept: String(response.headers['sec-websocket-accept'] ?? '') })
      })
      request.once('response', (response) => readText(response).then((text) => reject(this.#refusal(response.statusCode ?? 0, text, question)), (error: Error) => reject(this.#unreachable(error))))
      request.once('error', (error) => reject(this.#unreachable(error)))
      request.once('close', () => clearTimeout(timer))
      request.end()
    })
  }

  close(): void {
    this.#agent.destroy()
  }

  async #ask(question: Question): Promise<unknown> {
    const { status, text } = await this.#read(question)
    if (status < 200 || status > 299) throw this.#refusal(status, text, question)
    try {
      return JSON.parse(text)
    } catch (cause) {
      throw new MtlscopeError('kube-failed', `the API server of ${this.access.context} does not answer in JSON`, { cause, hint: 'is it one? see: kubectl cluster-info', facts: { path: question.path } })
    }
  }

  async #read(question: Question, isSecondTry = false): Promise<Answer> {
    const timeoutMs = question.method === 'GET' ? TIMEOUT_MS : CHANGE_TIMEOUT_MS
    const response = await this.#answerTo({ ...question, timeoutMs })
    const status = response.statusCode ?? 0
    const text = await readText(response).catch((error: Error) => { throw this.#unreachable(error) })
    const { forget } = this.access
    if (status !== 401 || forget === undefined || isSecondTry) return { status, text }
    // What a program gave may have been revoked before it expired.
    forget()
    return await this.#read(question, true)
  }

  /** Its head has come; its body is for the caller. `timeoutMs` bounds the body, too. */
  async #answerTo(question: Question): Promise<IncomingMessage> {
    const request = await this.#begin(question)
    return await new Promise((resolve, reject) => {
      const timer = timeoutOf(request, question.timeoutMs ?? TIMEOUT_MS)
      const over = (): void => clearTimeout(timer)
      request.once('close', over)
      request.once('error', (error) => reject(this.#unreachable(error)))
      request.once('response', (response) => {
        if (question.timeoutMs === undefined) over()
        // An answer that is cut where nobody reads it any more is no news.
        response.on('error', () => {})
        resolve(response)
      })
      const text = question.body === undefined ? undefined : JSON.stringify(question.body)
      // Node sends the body of a DELETE without saying where it ends, and the server takes it for the next question.
      if (text !== undefined) request.setHeader('content-length', Buffer.byteLength(text))
      request.end(text)
    })
  }

  async #begin({ method, path, body, type, headers, signal }: Question): Promise<ClientRequest> {
    const { server } = this.access
    const url = new URL(server.pathname.replace(/\/$/, '') + path, server)
    const { token, cert, key } = await this.access.credentials()
    const options: RequestOptions & { cert?: string | Buffer, key?: string | Buffer } = {
      method, agent: this.#agent, signal, ...cert !== undefined && { cert, key },
      headers: {
        accept: 'application/json', 'user-agent': 'mtlscope', ...token !== undefined && { authorization: `Bearer ${token}` },
        ...body !== undefined && { 'content-type': type ?? 'application/json' }, ...headers,
      },
    }
    return (url.protocol === 'http:' ? httpRequest : httpsRequest)(url, options)
  }

  #unreachable(cause: Error): MtlscopeError {
    const { server, context } = this.access
    return new MtlscopeError('kube-unreachable', `cannot reach the API server ${server.host}: ${reasonOf(cause)}`, { cause, hint: `of context ${context}; another one: --context NAME`, facts: { server: server.href } })
  }

  #refusal(status: number, text: string, { path, method }: Question): MtlscopeError {
    return refusalOf(status, text, { path, method, context: this.access.context })
  }
}

function timeoutOf(request: ClientRequest, timeoutMs: number): NodeJS.Timeout {
  return setTimeout(() => request.destroy(new Error(`no answer within ${timeoutMs / 1000} s`)), timeoutMs)
}

function undefinedWhereMissing(error: unknown): undefined {
  if (statusOf(error) !== 404) throw error
}
