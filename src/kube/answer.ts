import type { IncomingMessage } from 'node:http'
import { MtlscopeError } from '../base/errors.ts'

/** Some 100,000 pods; what is larger must be asked for in parts. */
const MAX_ANSWER_BYTES = 512 * 1024 * 1024
const MAX_SAID = 300

/** The whole of an answer. Rejects where it breaks off, or never ends. */
export function readText(response: IncomingMessage): Promise<string> {
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

/** The HTTP status that the API server refused with (404, 409, 410, …); undefined for what is no answer of it. */
export function statusOf(error: unknown): number | undefined {
  const status = error instanceof MtlscopeError && error.code.startsWith('kube-') ? error.facts.status : undefined
  return typeof status === 'number' ? status : undefined
}

/** What an answer that is no success says, as an error: 'kube-refused' (401, 403), else 'kube-failed'. */
export function refusalOf(status: number, text: string, { path, context, method = 'GET' }: { path: string, context: string, method?: string }): MtlscopeError {
  const said = messageOf(text)
  const facts = { status, path, method }
  if (status === 401) return new MtlscopeError('kube-refused', `the API server of ${context} does not know who asks`, { hint: 'its token or certificate may have expired', facts })
  if (status === 403) return new MtlscopeError('kube-refused', `the API server refused: ${said}`, { hint: hintOfForbidden(said, path), facts })
  return new MtlscopeError('kube-failed', `the API server answered ${status}${said === '' ? '' : `: ${said}`}`, { facts })
}

function hintOfForbidden(said: string, path: string): string {
  if (said.includes('PodSecurity')) return 'the namespace enforces Pod Security; name one that is labelled pod-security.kubernetes.io/enforce=privileged: --agent-namespace NAME'
  if (/\/(pods|services)(\?|$)/.test(path)) return 'the user needs the verbs get, list and watch for pods and services'
  return 'see what the user may: kubectl auth can-i --list'
}

/** The message of a Status object, on one line. */
export function messageOf(text: string): string {
  try {
    const { message } = JSON.parse(text) as { message?: unknown }
    return typeof message === 'string' ? onOneLine(message) : ''
  } catch {
    return ''
  }
}

/** What another program says, fit for a line of ours. */
export function onOneLine(text: string): string {
  // eslint-disable-next-line no-control-regex
  return text.replace(/[\u0000-\u001f\u007f]+/g, ' ').trim().slice(0, MAX_SAID)
}

export function reasonOf(error: Error): string {
  const { code } = error as NodeJS.ErrnoException
  return code ?? error.message
}
