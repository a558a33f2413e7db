import { Authority } from '../identity/authority/authority.ts'
import { openCaServer } from '../identity/authority/server.ts'
import { TokenStore } from '../identity/authority/token-file.ts'
import { caFolder } from './ca-folder.ts'
import type { ListenAddress } from './ca-values.ts'
import { interruptSignal } from './interrupt.ts'
import { say, sayWarning } from './say.ts'

export interface CaServeFlags { dir: string, listen: ListenAddress, name?: string[], tokens?: string, ttl: number, rate: number }

/** Until it is interrupted; resolves with the exit code. */
export async function runCaServe(flags: CaServeFlags): Promise<number> {
  const signal = interruptSignal()
  try {
    const folder = caFolder(flags.dir)
    const authority = new Authority({ folder, by: 'serve', warn: sayWarning })
    const tokens = new TokenStore(flags.tokens ?? folder.tokensPath, sayWarning)
    const server = await openCaServer({
      authority, tokens, auditPath: folder.auditPath, ...flags.listen, names: flags.name ?? [], requestsPerMinute: flags.rate,
      defaultTtlMillis: flags.ttl, now: Date.now, warn: sayWarning,
    })
    const { state } = await authority.current(Date.now())
    const host = server.host.includes(':') ? `[${server.host}]` : server.host
    say(`serving trust domain ${state.trustDomain} on https://${host}:${server.port}`)
    if ((await tokens.current()).size === 0) sayWarning(`there is no token yet; make one with: mtlscope ca token add --dir ${flags.dir} --spiffe spiffe://${state.trustDomain}/NAME`)
    if (!signal.aborted) await new Promise((resolve) => { signal.addEventListener('abort', resolve, { once: true }) })
    await server.close()
    return 0
  } finally {
    signal.dispose()
  }
}
