import { writeFileSync } from 'node:fs'
import type { SidecarFile } from '../proxy/config/sidecar-file.ts'
import { startProcess } from '../sys/spawn.ts'
import type { RunningProcess } from '../sys/spawn.ts'

export interface SidecarPlace {
  /** Path of its network namespace. */
  readonly netns: string
  /** For its configuration, NAME.yaml; the caller removes it. */
  readonly folder: string
  /** Path of the Envoy where that is to move the bytes. */
  readonly envoy: string | undefined
}

/** Starts this program once more, as `mtlscope sidecar`. Ready when it serves. */
export function startSidecar(config: SidecarFile & { readonly workload: string }, { netns, folder, envoy }: SidecarPlace): RunningProcess {
  const file = `${folder}/${config.workload}.yaml`
  // JSON is YAML.
  writeFileSync(file, JSON.stringify(config), { mode: 0o600 })
  const args = [...process.execArgv, process.argv[1]!, 'sidecar', '--config', file, '-o', 'json', '--engine', envoy === undefined ? 'embedded' : 'envoy']
  return startProcess(process.execPath, args, {
    // A scan of the mesh reads the workload's name from the environment of its sidecar.
    netns, env: { ...process.env, MTLSCOPE_WORKLOAD: config.workload, ...envoy === undefined ? {} : { MTLSCOPE_ENVOY: envoy } },
    readyWords: 'mtlscope: ready: ', detached: true,
  })
}
