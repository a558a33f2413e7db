import type { Server } from 'node:http'

const DRAIN_TIMEOUT_MS = 5000

/** Takes no more connections and waits for the answers that are under way, but not for ever. */
export async function drainServer(server: Pick<Server, 'close' | 'closeIdleConnections' | 'closeAllConnections'>): Promise<void> {
  const closed = new Promise<void>((resolve) => { server.close(() => resolve()) })
  server.closeIdleConnections()
  const timer = setTimeout(() => server.closeAllConnections(), DRAIN_TIMEOUT_MS)
  await closed
  clearTimeout(timer)
}
