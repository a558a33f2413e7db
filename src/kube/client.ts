import { Agent as HttpAgent, request as httpRequest } from 'node:http'
import type { IncomingMessage } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import { MtlscopeError } from '../base/errors.ts'
import type { ClusterAccess } from './kubeconfig.ts'

const TIMEOUT_MS = 15_000
/** Some 100,000 pods; what is larger must be asked for in parts. */
const MAX_ANSWER_BYTES = 512 * 1024 * 1024
const MAX_SAID = 300

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

  /** `path`: from the root, with its query. Throws 'kube-unreachable', 'kube-refused' (401, 403) and 'kube-failed'. */
  async get(path: string): Promise<unknown> {
    const { status, text } = await this.#ask(path)
    if (status !== 200) throw this.#refusal(status, text, path)
    try {
      return JSON.parse(text)
    } catch (cause) {
      throw new MtlscopeError('kube-failed', `the API server of ${this.access.context} does not answer in JSON`, { cause, hint: 'is it one? see: kubectl cluster-info', facts: { path } })
    }
  }

  close(): void {
    this.#agent.destroy()
  }

  #ask(path: string): Promise<{ status: number, text: string }> {
    const { server, token, context } = this.access
    const url = new URL(server.pathname.replace(/\/$/, '') + path, server)
    const headers = { accept: 'application/json', 'user-agent': 'mtlscope', ...token !== undefined && { authorization: `Bearer ${token()}` } }
    return new Promise((resolve, reject) => {
      const fail = (cause: Error): void => reject(new MtlscopeError('kube-unreachable', `cannot reach the API server ${server.host}: ${reasonOf(cause)}`, { cause, hint: `of context ${context}; another one: --context NAME`, facts: { server: server.href } }))
      const request = (url.protocol === 'http:' ? httpRequest : httpsRequest)(url, { agent: this.#agent, headers })
      const timer = setTimeout(() => request.destroy(new Error(`no answer within ${TIMEOUT_MS / 1000} s`)), TIMEOUT_MS)
      request.once('close', () => clearTimeout(timer))
      request.once('error', fail)
      request.once('response', (response) => readText(response).then((text) => resolve({ status: response.statusCode ?? 0, text }), fail))
      request.end()
    })
  }

  #refusal(status: number, text: string, path: string): MtlscopeError {
    const said = messageOf(text)
    const facts = { status, path }
    if (status === 401) return new MtlscopeError('kube-refused', `the API server of ${this.access.context} does not know who asks`, { hint: 'its token or certificate may have expired', facts })
    if (status === 403) return new MtlscopeError('kube-refused', `the API server refused: ${said}`, { hint: 'the user needs the verbs get and list for pods and services', facts })
    return new MtlscopeError('kube-failed', `the API server answered ${status}${said === '' ? '' : `: ${said}`}`, { facts })
  }
}

function readText(response: IncomingMessage): Promise<string> {
  return new Promise((resolve, reject) => {
    const parts: Buffer[] = []
    let bytes = 0
    response.on('data', (part: Buffer) => {
      bytes += part.length
      if (bytes > MAX_ANSWER_BYTES) response.destroy(new Error(`its answer has more than ${MAX_ANSWER_BYTES} bytes`))
      else parts.push(part)
    })
    response.once('end', () => resolve(Buffer.concat(parts).toString()))
    response.once('error', reject)
    response.once('close', () => reject(new Error('the connection broke off')))
  })
}

/** The message of a Status object, on one line. */
function messageOf(text: string): string {
  try {
    const { message } = JSON.parse(text) as { message?: unknown }
    // eslint-disable-next-line no-control-regex
    return typeof message === 'string' ? message.replace(/[\u0000-\u001f\u007f]+/g, ' ').slice(0, MAX_SAID) : ''
  } catch {
    return ''
  }
}

function reasonOf(error: Error): string {
  const { code } = error as NodeJS.ErrnoException
  return code ?? error.message
}
