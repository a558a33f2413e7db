import { readdirSync } from 'node:fs'
import { pidsOf, readNetnsInode, readStart, readStartTicks } from '../mesh/process-files.ts'
import { parsePodCgroup } from './pod-cgroup.ts'

/** The processes of a pod on this machine, with the network namespace that they share. */
export interface PodProcesses { readonly inode: number, readonly pids: readonly number[] }

interface Known { readonly startTicks: number, readonly podUid: string | undefined, looks: number }

const MAX_CGROUP_BYTES = 16 * 1024
/** A process may be moved into its cgroup a moment after it was started; then it stays there. */
const YOUNG_LOOKS = 4

/** Which processes of a procfs belong to pods, by the cgroups that the kubelet put them in. */
export class PodScan {
  readonly #procfs: string
  readonly #known = new Map<number, Known>()

  constructor(procfs: string) {
    this.#procfs = procfs
  }

  /** By the UID of the pod, processes by number; the first namespace that a process of it lives in, which for all but privileged pods is the only one. Throws what node:fs throws where the procfs cannot be listed. */
  scan(): Map<string, PodProcesses> {
    const pods = new Map<string, { inode: number, pids: number[] }>()
    // The first of a pod is then the one that lives as long as the pod: its sandbox.
    const pids = pidsOf(readdirSync(this.#procfs)).sort((a, b) => a - b)
    const alive = new Set(pids)
    for (const pid of this.#known.keys()) if (!alive.has(pid)) this.#known.delete(pid)
    for (const pid of pids) {
      const uid = this.#podOf(pid)
      if (uid === undefined) continue
      const inode = this.#inodeOf(pid)
      if (inode === undefined) continue
      const pod = pods.get(uid)
      if (pod === undefined) pods.set(uid, { inode, pids: [pid] })
      else if (pod.inode === inode) pod.pids.push(pid)
    }
    return pods
  }

  #podOf(pid: number): string | undefined {
    try {
      const startTicks = readStartTicks(this.#procfs, pid)
      const known = this.#known.get(pid)
      if (known?.startTicks === startTicks && known.looks >= YOUNG_LOOKS) return known.podUid
      const podUid = parsePodCgroup(readStart(`${this.#procfs}/${pid}/cgroup`, MAX_CGROUP_BYTES).bytes.toString('latin1'))?.podUid
      this.#known.set(pid, { startTicks, podUid, looks: known?.startTicks === startTicks ? known.looks + 1 : 1 })
      return podUid
    } catch {
      // It has ended meanwhile.
      return undefined
    }
  }

  #inodeOf(pid: number): number | undefined {
    try {
      return readNetnsInode(this.#procfs, pid)
    } catch {
      return undefined
    }
  }
}
