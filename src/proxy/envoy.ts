import { writeFileSync } from 'node:fs'
import { get } from 'node:http'
import { join } from 'node:path'
import { MtlscopeError } from '../base/errors.ts'
import { startProcess } from '../sys/spawn.ts'
import type { RunningProcess } from '../sys/spawn.ts'
import { sidecarEnvironment } from './engine.ts'
import type { Place, ProxyEngine, RunningProxy } from './engine.ts'
import { planEnvoy } from './envoy-config.ts'
import type { SidecarConfig } from './sidecar-config.ts'

const READY_TIMEOUT_MS = 20_000
const READY_EVERY_MS = 50

/** The real Envoy as sidecar, one process each, with a static configuration. */
export function envoyEngine(binary: string): ProxyEngine {
  return {
    name: 'envoy',
    start(config: SidecarConfig, place: Place): RunningProxy {
      const file = join(place.folder, `${config.workload}.envoy.json`)
      // A path, because it is reached from outside the sidecar's network namespace.
      const adminSocket = join(place.folder, `${config.workload}.admin`)
      writeFileSync(file, JSON.stringify(planEnvoy(config, adminSocket)), { mode: 0o600 })
      const args = ['-c', file, '--concurrency', '1', '--disable-hot-restart', '-l', 'warn']
      const envoy = startProcess(binary, args, { netns: place.netns, env: sidecarEnvironment(config), detached: true })
      const ready = whenLive(envoy, adminSocket)
      ready.catch(() => {})
      return { pid: envoy.pid, ready, exited: envoy.exited, stop: (timeoutMs) => envoy.stop(timeoutMs) }
    },
  }
}

/** Envoy's admin says LIVE when the static listeners accept. */
async function whenLive(envoy: RunningProcess, adminSocket: string): Promise<void> {
  let ended = false
  void envoy.exited.then(() => { ended = true })
  await envoy.ready
  for (const start = performance.now(); !await isLive(adminSocket);) {
    if (ended) throw failed('envoy ended before it was ready', envoy.lastWords())
    if (performance.now() - start > READY_TIMEOUT_MS) throw failed('envoy was not ready in time', envoy.lastWords())
    await new Promise((resolve) => setTimeout(resolve, READY_EVERY_MS))
  }
}

function isLive(socketPath: string): Promise<boolean> {
  return new Promise((resolve) => {
    const request = get({ socketPath, path: '/ready', timeout: 1000 }, (response) => {
      response.resume()
      resolve(response.statusCode === 200)
    })
    request.on('timeout', () => request.destroy())
    request.on('error', () => resolve(false))
  })
}

function failed(what: string, lastWords: string): MtlscopeError {
  const said = lastWords.split('\n').at(-1) ?? ''
  return new MtlscopeError('child-failed', said === '' ? what : `${what}: ${said}`, { facts: { program: 'envoy', lastWords } })
}
