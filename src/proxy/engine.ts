import type { ExitStatus } from '../sys/spawn.ts'
import type { SidecarConfig } from './sidecar-config.ts'

/** Where a sidecar is put. */
export interface Place {
  /** Path of the network namespace; undefined for this program's own. */
  netns?: string
  /** A folder for its configuration, in files that start with the workload's name; the caller removes it. */
  folder: string
}

export interface RunningProxy {
  readonly pid: number
  /** Resolves when every listener accepts; rejects with 'missing-program' or 'child-failed'. */
  readonly ready: Promise<void>
  readonly exited: Promise<ExitStatus>
  stop(timeoutMs: number): Promise<ExitStatus>
}

/** A program that can be a sidecar. The seam behind `--proxy`. */
export interface ProxyEngine {
  readonly name: 'embedded' | 'envoy'
  start(config: SidecarConfig, place: Place): RunningProxy
}

/** A scan of the mesh reads the workload's name from the environment of its sidecar. */
export function sidecarEnvironment(config: SidecarConfig): NodeJS.ProcessEnv {
  return { ...process.env, MTLSCOPE_WORKLOAD: config.workload }
}
