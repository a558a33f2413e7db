import { MtlscopeError } from '../../base/errors.ts'
import { connectFrom } from '../../sys/tcp-connect.ts'

const MAX_ANSWER_BYTES = 64 * 1024

/** Where the canary starts and what the app would call. */
export interface CanaryRoute {
  /** Namespace of the client workload: `/run/netns/web`, `/proc/4121/ns/net`; '' for that of this program. */
  readonly netnsPath: string
  /** User of the app, so that rules which tell the proxy's own connections by their user take it for the app's. */
  readonly asUid?: number
  /** As the app's socket has it, before any redirection. */
  readonly ip: string
  readonly port: number
  /** Of the Host header. Default: the address. */
  readonly host?: string
}

export interface CanaryAnswer {
  /** Of the first line of the answer. */
  readonly status: number | undefined
  /** Why there is none. */
  readonly error: string | undefined
}

/** The whole request: one GET whose path and one header are the token. */
export function requestText({ ip, port, host }: CanaryRoute, token: string): string {
  const authority = host ?? (ip.includes(':') ? `[${ip}]:${port}` : `${ip}:${port}`)
  return `GET /mtlscope-canary/${token} HTTP/1.1\r\nHost: ${authority}\r\nUser-Agent: mtlscope-canary\r\nX-Mtlscope-Canary: ${token}\r\nConnection: close\r\n\r\n`
}

/** Sends it in plaintext, as the app does, and waits for the answer. Never throws for what the other side does. */
export async function sendCanary(route: CanaryRoute, token: string, timeoutMs: number, signal?: AbortSignal): Promise<CanaryAnswer> {
  if (/[^\x21-\x7e]/.test(route.host ?? '')) throw new MtlscopeError('usage', 'the host of the canary has characters that a Host header cannot have')
  const socket = connectFrom(route.netnsPath, route.ip, route.port, { uid: route.asUid })
  return await new Promise((resolve) => {
    let [heard, error]: [string, string | undefined] = ['', undefined]
    const stop = (why: string) => (): void => {
      error ??= why
      socket.destroy()
    }
    const interrupted = stop('interrupted')
    const timer = setTimeout(stop('no answer in time'), timeoutMs)
    signal?.addEventListener('abort', interrupted)
    socket.on('data', (bytes: Buffer) => {
      heard += bytes.toString('latin1')
      if (heard.length > MAX_ANSWER_BYTES) socket.destroy()
    })
    socket.on('error', (cause: NodeJS.ErrnoException) => { error ??= cause.code ?? cause.message })
    socket.on('close', () => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', interrupted)
      const status = /^HTTP\/1\.[01] (\d{3})/.exec(heard)?.[1]
      resolve({ status: status === undefined ? undefined : Number(status), error: status === undefined ? error ?? 'an answer that is no HTTP/1' : undefined })
    })
    socket.write(requestText(route, token))
  })
}
