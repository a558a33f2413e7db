import { existsSync, mkdirSync, readFileSync, readdirSync, rmdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const ROOT = '/sys/fs/cgroup'

export interface Controller {
  /** Folder below /sys/fs/cgroup, which is what `mount -t cgroup -o` takes where it is version 1. */
  readonly name: string
  readonly version: 1 | 2
  /** Of the cgroup that this process lives in, from that folder on. */
  readonly own: string
}

/** The hierarchies that are mounted here, with the place of this process in each. Its limits bind what is made below. */
export function readControllers(): Controller[] {
  const lines = readFileSync('/proc/self/cgroup', 'utf8').trim().split('\n')
  return lines.flatMap((line): Controller[] => {
    const [, id, names, own] = /^(\d+):([^:]*):(.*)$/.exec(line) ?? []
    if (id === undefined || names === undefined || own === undefined) return []
    if (id !== '0') return [{ name: names.replace(/^name=/, ''), version: 1, own }]
    const name = existsSync(`${ROOT}/unified`) ? 'unified' : ''
    return [{ name, version: 2, own }]
  }).filter(({ name }) => existsSync(join(ROOT, name)))
}

function folderOf({ name, own }: Controller, cluster: string): string {
  return join(ROOT, name, own, `mtlscope-cluster-${cluster}`)
}

/** Makes a cgroup in each hierarchy, below the one of this process. */
export function makeCgroups(cluster: string): void {
  for (const controller of readControllers()) {
    const folder = folderOf(controller, cluster)
    mkdirSync(folder, { recursive: true })
    // A new cpuset of version 1 has no processors and no memory, and takes no process until it has.
    for (const file of controller.name === 'cpuset' ? ['cpuset.cpus', 'cpuset.mems'] : []) {
      writeFileSync(join(folder, file), readFileSync(join(folder, '..', file)))
    }
  }
}

/** The files that a process writes 0 into to enter them. */
export function cgroupEntrances(cluster: string): string[] {
  return readControllers().map((controller) => join(folderOf(controller, cluster), 'cgroup.procs'))
}

/** Removes them with all that is below. Returns those that are still in use. */
export function removeCgroups(cluster: string): string[] {
  return readControllers().map((controller) => folderOf(controller, cluster)).filter((folder) => existsSync(folder) && !removeTree(folder))
}

function removeTree(folder: string): boolean {
  try {
    // Only the folders are real: the files of a cgroup go with it.
    for (const entry of readdirSync(folder, { withFileTypes: true })) if (entry.isDirectory()) removeTree(join(folder, entry.name))
    rmdirSync(folder)
    return true
  } catch {
    return false
  }
}
