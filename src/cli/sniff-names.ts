import { closeSync, statSync } from 'node:fs'
import type { EnvironHints } from '../mesh/environ.ts'
import { readEnvironHints } from '../mesh/environ.ts'
import { readAddresses } from '../mesh/addresses.ts'
import { readListeners, readMembers } from '../mesh/listeners.ts'
import { readNamespaceNames } from '../mesh/namespace-names.ts'
import { nameNamespace, readHostInode } from '../mesh/namespaces.ts'
import { Names } from '../mesh/workloads.ts'
import { isLoopbackAddress } from '../net/address.ts'
import type { NameRecord } from '../net/pcapng-names.ts'
import { listAddresses } from '../sys/interfaces.ts'
import { netnsInode, openNetns, withNetns } from '../sys/netns.ts'

/** Namespaces beyond this have no names: each costs some reads of its procfs. */
const MAX_NAMESPACES = 1024
const NETNS_FOLDER = '/run/netns'
/** A pod has a handful of processes; whoever of them was told the pod's name says it. */
const MAX_ASKED = 8

/** A network namespace as a place where a workload lives. */
export interface Workload {
  readonly inode: number
  readonly name: string
  readonly addresses: readonly string[]
  /** Listening port → name of the process. */
  readonly listeners: ReadonlyMap<number, string>
}

/** Whose addresses and ports these are, as procfs tells at one moment. */
export class WorkloadDirectory {
  readonly #procfs: string
  readonly #members: ReadonlyMap<number, number[]>
  readonly #workloads = new Map<number, Workload>()
  readonly #names = new Names()
  readonly #owners = new Map<string, Workload>()
  /** Of those that are watched; undefined where two of them claim it. */
  readonly #watched = new Map<string, Workload | undefined>()

  private constructor(procfs: string, members: ReadonlyMap<number, number[]>) {
    this.#procfs = procfs
    this.#members = members
  }

  /** Names that cannot be read are missing: they are a nicety. */
  static read(procfs: string): WorkloadDirectory {
    const members = membersIn(procfs)
    const directory = new WorkloadDirectory(procfs, members)
    const host = readHostInode(procfs)
    for (const [inode, pids] of [...members].slice(0, MAX_NAMESPACES)) directory.#add(inode, pids, inode === host)
    for (const name of readNamespaceNames(NETNS_FOLDER).slice(0, MAX_NAMESPACES)) directory.#addNamed(name)
    return directory
  }

  #add(inode: number, pids: readonly number[], isHost: boolean): void {
    const hints = pids.slice(0, MAX_ASKED).map((pid) => ({ pid, ...hintsOf(this.#procfs, pid) }))
    const name = nameNamespace(this.#procfs, inode, isHost, hints, hints.map((hint) => hint.hostname))
    const addresses = addressesOf(this.#procfs, pids).filter((ip) => !isLoopbackAddress(ip))
    this.#keep({ inode, name, addresses, listeners: listenersOf(this.#procfs, pids, this.#members) })
  }

  /** One that no process lives in at present, which procfs knows nothing of: it must be entered. */
  #addNamed(name: string): void {
    const path = `${NETNS_FOLDER}/${name}`
    try {
      const inode = netnsInode(path)
      if (!this.#workloads.has(inode)) this.#keep({ inode, name, addresses: addressesInside(path), listeners: new Map() })
    } catch {
      // It is gone, or may not be entered.
    }
  }

  #keep(workload: Workload): void {
    this.#workloads.set(workload.inode, workload)
    for (const ip of workload.addresses) {
      this.#names.add(ip, workload.name)
      this.#owners.set(ip, workload)
    }
  }

  /** The one that lives in the namespace with that file: `/run/netns/web`, `/proc/4121/ns/net`. */
  at(path: string): Workload | undefined {
    try {
      return this.#workloads.get(statSync(path).ino)
    } catch {
      return undefined
    }
  }

  /** Where several workloads claim an address, one that is watched is meant before the others: pod networks may overlap. */
  watch(paths: readonly string[]): void {
    for (const path of paths) {
      const workload = this.at(path)
      for (const ip of workload?.addresses ?? []) this.#watched.set(ip, this.#watched.has(ip) && this.#watched.get(ip) !== workload ? undefined : workload)
    }
  }

  /** Who has an address, seen from a namespace: what is its own is meant first, and where nothing tells between two nobody is. */
  ownerOf(ip: string, seenFrom: Workload | undefined): Workload | undefined {
    if (isLoopbackAddress(ip) || seenFrom?.addresses.includes(ip)) return seenFrom
    if (this.#watched.has(ip)) return this.#watched.get(ip)
    return this.#names.nameOf(ip) === undefined ? undefined : this.#owners.get(ip)
  }

  /** How many namespaces could be looked into. */
  get known(): number {
    return this.#workloads.size
  }

  /** Addresses with the name of the one that has them. */
  records(): NameRecord[] {
    const records: NameRecord[] = []
    for (const ip of this.#owners.keys()) {
      const owner = this.ownerOf(ip, undefined)
      if (owner !== undefined) records.push({ ip, names: [owner.name] })
    }
    return records
  }
}

function addressesInside(path: string): string[] {
  const fd = openNetns(path)
  try {
    return withNetns(fd, listAddresses).map(({ ip }) => ip).filter((ip) => !isLoopbackAddress(ip))
  } finally {
    closeSync(fd)
  }
}

function membersIn(procfs: string): ReadonlyMap<number, number[]> {
  try {
    return readMembers(procfs)
  } catch {
    return new Map()
  }
}

function hintsOf(procfs: string, pid: number): EnvironHints {
  try {
    return readEnvironHints(procfs, pid)
  } catch {
    return {}
  }
}

function addressesOf(procfs: string, pids: readonly number[]): string[] {
  for (const pid of pids) {
    try {
      return readAddresses(procfs, pid)
    } catch {
      // It has ended: another one of the namespace may still be there.
    }
  }
  return []
}

function listenersOf(procfs: string, pids: readonly number[], members: ReadonlyMap<number, number[]>): ReadonlyMap<number, string> {
  try {
    return new Map([...readListeners(procfs, pids[0]!, new Map(members))].map(([port, { comm }]) => [port, comm]))
  } catch {
    return new Map()
  }
}
