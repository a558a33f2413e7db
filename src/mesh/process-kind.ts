import { readArguments } from './process-files.ts'
import type { ProxyKind, ProxyNames } from './proxies.ts'
import { isRuntime, isSidecar } from './proxies.ts'

/** Which proxy a process with that executable is; undefined for an app. An executable of our name that is no sidecar (a tap, for one) is none. */
export function kindOfProcess(procfs: string, pid: number, exe: string, names: ProxyNames): ProxyKind | undefined {
  const kind = names.kindOf(exe)
  if (isRuntime(exe) && runsSidecar(procfs, pid, exe)) return 'mtlscope'
  return kind === 'mtlscope' ? undefined : kind
}

function runsSidecar(procfs: string, pid: number, exe: string): boolean {
  try {
    return isSidecar(exe, readArguments(procfs, pid))
  } catch {
    return false
  }
}
