import { readdirSync } from 'node:fs'
import { displayName } from './display-name.ts'
import { pidsOf, readComm, readExe } from './process-files.ts'
import { kindOfProcess } from './process-kind.ts'
import type { ProxyKind, ProxyNames } from './proxies.ts'
import { isRuntime } from './proxies.ts'
import type { Refusal } from './refusal.ts'
import { refusalOf } from './refusal.ts'

/** A process younger than this many scans is looked at in each: it may have forked and not yet executed. */
const YOUNG_SCANS = 4
/** A script may take a while until it gives itself a title. */
const TITLE_SCANS = 20
/** Others in turn: all within two scans, or so many a scan where there are more. */
const TURNS = 2
const MAX_LOOKS_A_SCAN = 1000
/** Kernel threads, zombies and processes of other users hardly ever change. */
const SLOW_TURNS = 16

/** A process as far as the scan knows it. */
export interface ScannedProcess {
  readonly pid: number
  readonly firstScan: number
  lastScan: number
  /** Empty where it cannot be read. */
  exe: string
  kind: ProxyKind | undefined
}

/**
 * Which of all processes are proxies. The link of each executable is read when a pid is new and then in turn, so that a scan
 * costs the same however many processes there are, and a process that executes something else is noticed within two scans.
 */
export class ProcessScan {
  readonly #procfs: string
  readonly #names: ProxyNames
  readonly #own: number
  readonly #processes = new Map<number, ScannedProcess>()
  #scans = 0
  #unreadable = 0

  /** `own`: pid, in that procfs, of the process that is never taken for a proxy. */
  constructor(procfs: string, names: ProxyNames, own: number) {
    this.#procfs = procfs
    this.#names = names
    this.#own = own
  }

  get processes(): ReadonlyMap<number, ScannedProcess> {
    return this.#processes
  }

  /** Processes of which not even the executable can be read. */
  get unreadable(): number {
    return this.#unreadable
  }

  /** One pass. `refused` is told of processes that have the name of a proxy and cannot be looked into. Throws when the procfs cannot be listed. */
  scan(refused: (refusal: Refusal) => void): void {
    const pids = pidsOf(readdirSync(this.#procfs))
    const scan = ++this.#scans
    const turns = Math.max(TURNS, Math.ceil(pids.length / MAX_LOOKS_A_SCAN))
    for (const pid of pids) {
      const known = this.#processes.get(pid)
      if (known === undefined) this.#add(pid, scan, refused)
      else {
        known.lastScan = scan
        if (isDue(known, scan, turns)) this.#look(known, scan, refused)
      }
    }
    this.#forget(scan)
  }

  #add(pid: number, scan: number, refused: (refusal: Refusal) => void): void {
    if (pid === this.#own) return
    const process: ScannedProcess = { pid, firstScan: scan, lastScan: scan, exe: '', kind: undefined }
    this.#processes.set(pid, process)
    this.#look(process, scan, refused)
  }

  #look(process: ScannedProcess, scan: number, refused: (refusal: Refusal) => void): void {
    let exe: string
    try {
      exe = readExe(this.#procfs, process.pid)
    } catch (error) {
      process.exe = ''
      process.kind = undefined
      const refusal = refusalOf(error, process.pid, 'its executable')
      if (refusal !== undefined) this.#blame(refusal, refused)
      return
    }
    if (exe === process.exe && !(isRuntime(exe) && (scan - process.firstScan < TITLE_SCANS || isTurn(process.pid, scan, SLOW_TURNS)))) return
    process.exe = exe
    process.kind = kindOfProcess(this.#procfs, process.pid, exe, this.#names)
  }

  /** The name of a process is readable where its executable is not; most that are unreadable concern nobody. */
  #blame(refusal: Refusal, refused: (refusal: Refusal) => void): void {
    try {
      const comm = readComm(this.#procfs, refusal.pid)
      if (this.#names.mayBe(comm)) refused({ ...refusal, exe: displayName(comm) })
    } catch {
      // It has ended meanwhile.
    }
  }

  #forget(scan: number): void {
    this.#unreadable = 0
    for (const [pid, process] of this.#processes) {
      if (process.lastScan !== scan) this.#processes.delete(pid)
      else if (process.exe === '') this.#unreadable++
    }
  }
}

function isDue(process: ScannedProcess, scan: number, turns: number): boolean {
  if (scan - process.firstScan < YOUNG_SCANS) return true
  return isTurn(process.pid, scan, process.exe === '' ? Math.max(turns, SLOW_TURNS) : turns)
}

/** Spreads numbers over scans. */
export function isTurn(number: number, scan: number, turns: number): boolean {
  return (number + scan) % turns === 0
}
