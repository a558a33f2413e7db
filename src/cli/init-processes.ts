import type { NamespaceProcess } from '../intercept/apply/refusal.ts'
import { readMembers } from '../mesh/listeners.ts'
import { readCredentials } from '../mesh/process-credentials.ts'
import { readArguments, readComm, readExe } from '../mesh/process-files.ts'
import { isRuntime, isSidecar, ProxyNames } from '../mesh/proxies.ts'

/** Who runs in the network namespace of that number; processes that end meanwhile, or may not be read, are left out. */
export function readNamespaceProcesses(procfs: string, inode: number): NamespaceProcess[] {
  const names = new ProxyNames([])
  return (readMembers(procfs).get(inode) ?? []).filter((pid) => pid !== process.pid).flatMap((pid) => readProcess(procfs, pid, names) ?? [])
}

function readProcess(procfs: string, pid: number, names: ProxyNames): NamespaceProcess | undefined {
  try {
    const credentials = readCredentials(procfs, pid)
    const exe = readExe(procfs, pid)
    const isProxy = isRuntime(exe) ? isSidecar(exe, readArguments(procfs, pid)) : names.kindOf(exe) !== undefined
    return credentials === undefined ? undefined : { pid, program: readComm(procfs, pid), uid: credentials.uid, gid: credentials.gid, isProxy }
  } catch {
    return undefined
  }
}
