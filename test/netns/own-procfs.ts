import { mkdirSync, readdirSync, statSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'

/** A procfs with the processes of these namespaces only: other tests have meshes of the same addresses, of which --mesh could not tell ours. */
export function procfsOf(folder: string, namespaces: readonly string[]): string {
  const inodes = new Set(namespaces.map((name) => inodeOf(`/run/netns/${name}`)))
  const procfs = join(folder, `proc-${namespaces.join('-')}`)
  mkdirSync(procfs)
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    if (pid === '1' || inodes.has(inodeOf(`/proc/${pid}/ns/net`))) symlinkSync(`/proc/${pid}`, join(procfs, pid))
  }
  return procfs
}

export function inodeOf(path: string): number {
  try {
    return statSync(path).ino
  } catch {
    // Of a process that ends just now the kernel says EACCES, too.
    return 0
  }
}
