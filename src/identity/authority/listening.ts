import type { Server } from 'node:http'
import { MtlscopeError } from '../../base/errors.ts'

const DRAIN_TIMEOUT_MS = 5000

/** Throws 'cannot-listen'. */
export async function listenOn(server: Pick<Server, 'once' | 'listen'>, { host, port }: { readonly host: string, readonly port: number }): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      reject(new MtlscopeError('cannot-listen', `cannot listen on ${host} port ${port}: ${error.code}`, { hint: error.code === 'EADDRINUSE' ? 'another program has it; choose one with --listen' : undefined, facts: { host, port }, cause: error }))
    })
    server.listen({ host, port }, () => resolve())
  })
}

/** Takes no more connections and waits for the answers that are under way, but not for ever. */
export async function drainServer(server: Pick<Server, 'close' | 'closeIdleConnections' | 'closeAllConnections'>): Promise<void> {
  const closed = new Promise<void>((resolve) => { server.close(() => resolve()) })
  server.closeIdleConnections()
  const timer = setTimeout(() => server.closeAllConnections(), DRAIN_TIMEOUT_MS)
  await closed
  clearTimeout(timer)
}
