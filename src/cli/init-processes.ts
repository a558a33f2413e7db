import type { NamespaceProcess } from '../intercept/apply/refusal.ts'
import { readMembers } from '../mesh/listeners.ts'
import { readCredentials } from '../mesh/process-credentials.ts'
import { readComm, readExe } from '../mesh/process-files.ts'
import { kindOfProcess } from '../mesh/process-kind.ts'
import { ProxyNames } from '../mesh/proxies.ts'

/** Who runs in the network namespace of that number; processes that end meanwhile, or may not be read, are left out. */
export function readNamespaceProcesses(procfs: string, inode: number): NamespaceProcess[] {
  const names = new ProxyNames([])
  return (readMembers(procfs).get(inode) ?? []).filter((pid) => pid !== process.pid).flatMap((pid) => readProcess(procfs, pid, names) ?? [])
}

function readProcess(procfs: string, pid: number, names: ProxyNames): NamespaceProcess | undefined {
  try {
    const credentials = readCredentials(procfs, pid)
    const exe = readExe(procfs, pid)
    const isProxy = kindOfProcess(procfs, pid, exe, names) !== undefined
    return credentials === undefined ? undefined : { pid, program: readComm(procfs, pid), uid: credentials.uid, gid: credentials.gid, isProxy }
  } catch {
    return undefined
  }
}
