import { displayName } from './display-name.ts'
import type { EnvironHints } from './environ.ts'
import { readEnvironHints } from './environ.ts'
import { readNetnsInode, readStartTicks } from './process-files.ts'
import type { ScannedProcess } from './process-scan.ts'
import { isTurn } from './process-scan.ts'
import type { Proxy } from './proxies.ts'
import type { Refusal } from './refusal.ts'
import { refusalOf } from './refusal.ts'

/** A proxy is looked at again within two scans: its pid may have come to be another process, or it may have moved. */
const TURNS = 2

export interface KnownProxy { readonly proxy: Proxy, readonly hostname: string | undefined }

/** The proxies that run now, each with its namespace and what its environment says of it. */
export class ProxyTable {
  readonly #procfs: string
  readonly #known = new Map<number, KnownProxy>()
  #scans = 0

  constructor(procfs: string) {
    this.#procfs = procfs
  }

  get proxies(): ReadonlyMap<number, KnownProxy> {
    return this.#known
  }

  /** Returns whether anything is different. */
  update(processes: ReadonlyMap<number, ScannedProcess>, refused: (refusal: Refusal) => void): boolean {
    this.#scans++
    let changed = false
    for (const pid of this.#known.keys()) {
      if (processes.get(pid)?.kind !== undefined) continue
      this.#known.delete(pid)
      changed = true
    }
    for (const process of processes.values()) {
      if (process.kind !== undefined && this.#check(process, refused)) changed = true
    }
    return changed
  }

  #check(process: ScannedProcess, refused: (refusal: Refusal) => void): boolean {
    const { pid } = process
    const known = this.#known.get(pid)
    if (known !== undefined && known.proxy.exe === displayName(process.exe) && !isTurn(pid, this.#scans, TURNS)) return false
    const next = this.#read(process, known, refused)
    if (next === known) return false
    if (next === undefined) return this.#known.delete(pid)
    this.#known.set(pid, next)
    return true
  }

  /** The same object when it is still the same process in the same place. */
  #read(process: ScannedProcess, known: KnownProxy | undefined, refused: (refusal: Refusal) => void): KnownProxy | undefined {
    const { pid, kind } = process
    const exe = displayName(process.exe) ?? ''
    try {
      const startTicks = readStartTicks(this.#procfs, pid)
      const netnsInode = readNetnsInode(this.#procfs, pid)
      if (netnsInode === undefined || kind === undefined) return undefined
      const old = known?.proxy
      if (old?.startTicks === startTicks && old.netnsInode === netnsInode && old.exe === exe && old.kind === kind) return known
      const { name, hostname, ip } = this.#hints(pid)
      return { proxy: { pid, startTicks, exe, kind, netnsInode, name, environIp: ip }, hostname }
    } catch (error) {
      const refusal = refusalOf(error, pid, 'its network namespace', exe)
      if (refusal !== undefined) refused(refusal)
      return undefined
    }
  }

  /** Without hints a namespace has a plainer name, nothing else. */
  #hints(pid: number): EnvironHints {
    try {
      return readEnvironHints(this.#procfs, pid)
    } catch {
      return {}
    }
  }
}
