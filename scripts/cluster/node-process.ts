import { readFileSync, writeFileSync } from 'node:fs'
import { readStartTicks } from '../../src/mesh/process-files.ts'
import type { ClusterPlace } from './place.ts'

/** The process that made the namespaces of a node, and the node's first one. */
export interface NodeProcess { readonly pid: number, readonly initPid: number }

/** Both numbers, since a pid alone may mean another process by the time it is read. */
export function writeNodeProcess({ pidFile }: ClusterPlace, pid: number): void {
  writeFileSync(pidFile, `${pid} ${readStartTicks('/proc', pid)}\n`)
}

/** Undefined where no node of that name runs. */
export function readNodeProcess({ pidFile }: ClusterPlace): NodeProcess | undefined {
  try {
    const [pid = 0, ticks] = readFileSync(pidFile, 'utf8').trim().split(' ').map(Number)
    if (readStartTicks('/proc', pid) !== ticks) return undefined
    const initPid = Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ')[0])
    return initPid > 0 ? { pid, initPid } : undefined
  } catch {
    return undefined
  }
}

/** A command that runs inside the node: in its network, its mounts and its processes. */
export function insideCommand({ initPid }: NodeProcess, command: readonly string[]): [string, string[]] {
  return ['nsenter', ['--target', String(initPid), '--mount', '--net', '--pid', '--uts', '--ipc', '--cgroup', '--', ...command]]
}
