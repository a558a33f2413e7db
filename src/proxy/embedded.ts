import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { sibling } from '../base/sibling.ts'
import { startProcess } from '../sys/spawn.ts'
import { sidecarEnvironment } from './engine.ts'
import type { Place, ProxyEngine, RunningProxy } from './engine.ts'
import type { SidecarConfig } from './sidecar-config.ts'

/** The relay of this program, one process a sidecar. */
export const embeddedEngine: ProxyEngine = {
  name: 'embedded',
  start(config: SidecarConfig, place: Place): RunningProxy {
    const file = join(place.folder, `${config.workload}.sidecar.json`)
    writeFileSync(file, JSON.stringify(config), { mode: 0o600 })
    const program = fileURLToPath(sibling(import.meta.url, 'sidecar'))
    return startProcess(process.execPath, [program, file], {
      netns: place.netns, env: sidecarEnvironment(config), readyLine: 'ready', detached: true,
    })
  },
}
