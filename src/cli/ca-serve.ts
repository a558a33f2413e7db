import { MtlscopeError } from '../base/errors.ts'
import { Authority } from '../identity/authority/authority.ts'
import type { CaServer } from '../identity/authority/server.ts'
import { openCaServer } from '../identity/authority/server.ts'
import { TokenStore } from '../identity/authority/token-file.ts'
import { caFolder } from './ca-folder.ts'
import type { ListenAddress } from './ca-values.ts'
import { DEFAULT_FOLDER } from './ca-values.ts'
import { interruptSignal } from './interrupt.ts'
import { say, sayWarning } from './say.ts'

export interface CaServeFlags {
  dir?: string
  listen: ListenAddress
  name?: string[]
  tokens?: string
  ttl: number
  rate: number
  kubeSecret?: string
  tokenReview?: boolean
  audience: string
  trustDomain?: string
  maxTtl: number
  caName: string
  kubeconfig?: string
  context?: string
}

/** Until it is interrupted; resolves with the exit code. */
export async function runCaServe(flags: CaServeFlags): Promise<number> {
  if (flags.kubeSecret !== undefined || flags.tokenReview === true) return await (await import('./ca-serve-kube.ts')).serveInCluster(flags)
  if (flags.trustDomain !== undefined) throw new MtlscopeError('usage', '--trust-domain goes with --kube-secret', { hint: 'a folder has one: mtlscope ca init --trust-domain NAME' })
  const signal = interruptSignal()
  try {
    const folder = caFolder(flags.dir ?? DEFAULT_FOLDER)
    const authority = new Authority({ store: folder, by: 'serve', warn: sayWarning })
    const tokens = new TokenStore(flags.tokens ?? folder.tokensPath, sayWarning)
    const server = await openCaServer({ authority, callers: tokens, audit: folder.audit, ...serverOptions(flags) })
    await sayServing(authority, server)
    if ((await tokens.current()).size === 0) sayWarning(`there is no token yet; make one with: mtlscope ca token add --dir ${folder.path} --spiffe spiffe://${(await authority.current(Date.now())).state.trustDomain}/NAME`)
    await untilAborted(signal)
    await server.close()
    return 0
  } finally {
    signal.dispose()
  }
}

/** What does not depend on where the CA is. */
export function serverOptions(flags: CaServeFlags): { host: string, port: number, names: readonly string[], requestsPerMinute: number, defaultTtlMillis: number, now(): number, warn(text: string): void } {
  return { ...flags.listen, names: flags.name ?? [], requestsPerMinute: flags.rate, defaultTtlMillis: flags.ttl, now: Date.now, warn: sayWarning }
}

export async function sayServing(authority: Authority, server: CaServer): Promise<void> {
  const { state } = await authority.current(Date.now())
  const host = server.host.includes(':') ? `[${server.host}]` : server.host
  say(`serving trust domain ${state.trustDomain} on https://${host}:${server.port}`)
}

export async function untilAborted(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await new Promise((resolve) => { signal.addEventListener('abort', resolve, { once: true }) })
}
