import { readdirSync } from 'node:fs'
import { pidsOf, readNetnsInode, readStart, readStartTicks } from '../mesh/process-files.ts'
import { isTurn } from '../mesh/process-scan.ts'
import { parsePodCgroup } from './pod-cgroup.ts'

/** The processes of a pod on this machine, with the network namespace that they share. */
export interface PodProcesses {
  readonly inode: number
  readonly pids: readonly number[]
  /** Of the namespace, and of no other that this scan ever sees: the kernel gives the inode of a namespace that is gone to the next one. */
  readonly sandbox: number
}

/** A namespace lives at least as long as each of these: number of a process → when it started. */
interface Sandbox { readonly number: number, readonly inode: number, readonly members: ReadonlyMap<number, number> }

/** `inode`: undefined for a process of no pod. */
interface Known { readonly startTicks: number, readonly podUid: string | undefined, readonly inode: number | undefined, readonly looks: number }

const MAX_CGROUP_BYTES = 16 * 1024
/** A process may be moved into its cgroup a moment after it was started; then it stays there. */
const YOUNG_LOOKS = 4
/** Older ones are looked at in turn: all other numbers are given before one that became free is given again, so that hardly any changes hands between two scans. */
const TURNS = 8

/**
 * Which processes of a procfs belong to pods, by the cgroups that the kubelet put them in. Where nothing starts and ends a scan
 * costs the list of processes, and a look at one in eight of them.
 */
export class PodScan {
  readonly #procfs: string
  readonly #known = new Map<number, Known>()
  #scans = 0
  /** By the UID of the pod. */
  #sandboxes: ReadonlyMap<string, Sandbox> = new Map()
  #count = 0

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
    this.#scans++
    for (const pid of pids) {
      const { podUid, inode } = this.#processOf(pid) ?? {}
      if (podUid === undefined || inode === undefined) continue
      const pod = pods.get(podUid)
      if (pod === undefined) pods.set(podUid, { inode, pids: [pid] })
      else if (pod.inode === inode) pod.pids.push(pid)
    }
    return this.#numbered(pods)
  }

  #numbered(pods: ReadonlyMap<string, { inode: number, pids: number[] }>): Map<string, PodProcesses> {
    const sandboxes = new Map<string, Sandbox>()
    const numbered = new Map<string, PodProcesses>()
    for (const [uid, { inode, pids }] of pods) {
      const before = this.#sandboxes.get(uid)
      const members = new Map(pids.map((pid) => [pid, this.#known.get(pid)!.startTicks]))
      const isSame = before?.inode === inode && pids.some((pid) => before.members.get(pid) === members.get(pid))
      const sandbox = isSame ? before.number : ++this.#count
      sandboxes.set(uid, { number: sandbox, inode, members })
      numbered.set(uid, { inode, pids, sandbox })
    }
    this.#sandboxes = sandboxes
    return numbered
  }

  /** Undefined where it has ended meanwhile. */
  #processOf(pid: number): Known | undefined {
    const known = this.#known.get(pid)
    if (known !== undefined && known.looks >= YOUNG_LOOKS && !isTurn(pid, this.#scans, TURNS)) return known
    try {
      const now = this.#look(pid, known)
      this.#known.set(pid, now)
      return now
    } catch {
      this.#known.delete(pid)
      return undefined
    }
  }

  #look(pid: number, known: Known | undefined): Known {
    const startTicks = readStartTicks(this.#procfs, pid)
    const looks = known?.startTicks === startTicks ? known.looks + 1 : 1
    const podUid = looks > YOUNG_LOOKS ? known!.podUid : parsePodCgroup(readStart(`${this.#procfs}/${pid}/cgroup`, MAX_CGROUP_BYTES).bytes.toString('latin1'))?.podUid
    return { startTicks, podUid, inode: podUid === undefined ? undefined : readNetnsInode(this.#procfs, pid), looks }
  }
}
