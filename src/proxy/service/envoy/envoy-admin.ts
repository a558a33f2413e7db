import { request } from 'node:http'

const TIMEOUT_MS = 2000
const MAX_ANSWER_BYTES = 16 * 1024 * 1024

/** Asks Envoy's admin interface on its unix socket. Undefined where it does not answer, or not with 200. */
export function askEnvoy(socketPath: string, path: string, method: 'GET' | 'POST' = 'GET'): Promise<string | undefined> {
  return new Promise((resolve) => {
    const req = request({ socketPath, path, method, timeout: TIMEOUT_MS }, (res) => {
      let text = ''
      res.setEncoding('utf8').on('data', (piece: string) => {
        text += piece
        if (text.length > MAX_ANSWER_BYTES) req.destroy()
      })
      res.on('end', () => resolve(res.statusCode === 200 ? text : undefined))
      res.on('error', () => resolve(undefined))
    })
    req.on('timeout', () => req.destroy())
    req.on('error', () => resolve(undefined))
    req.end()
  })
}

/** Values of Envoy's own statistics, by name; those that are text are left out. */
export async function envoyStats(socketPath: string, pattern: string): Promise<Map<string, number>> {
  const text = await askEnvoy(socketPath, `/stats?filter=${encodeURIComponent(pattern)}`) ?? ''
  const pairs = text.split('\n').map((line) => /^(\S+): (\d+)$/.exec(line)).filter((match) => match !== null)
  return new Map(pairs.map((match) => [match[1]!, Number(match[2])]))
}

/** Names of the listeners that accept. */
export async function envoyListeners(socketPath: string): Promise<string[]> {
  const text = await askEnvoy(socketPath, '/listeners?format=json')
  if (text === undefined) return []
  const { listener_statuses: statuses = [] } = JSON.parse(text) as { listener_statuses?: { name: string }[] }
  return statuses.map(({ name }) => name)
}
