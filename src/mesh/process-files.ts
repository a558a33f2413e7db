import { closeSync, constants, openSync, readlinkSync, readSync } from 'node:fs'

const PID = /^[1-9]\d{0,9}$/
const CHUNK_BYTES = 64 * 1024
const MAX_STAT_BYTES = 1024
const MAX_COMM_BYTES = 64
const MAX_COMMAND_LINE_BYTES = 8 * 1024
/** A file that was executed and then replaced or removed: a proxy that is being upgraded. */
const DELETED = ' (deleted)'

export interface FileStart { readonly bytes: Buffer, readonly cut: boolean }

/** The first `limitBytes` of a file; `cut` when there is more. Throws what node:fs throws; never waits, also not for a pipe. */
export function readStart(path: string, limitBytes: number): FileStart {
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  try {
    let buffer = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, limitBytes + 1))
    let length = 0
    // The size of a procfs file is 0 until it is read, so read until there is no more.
    for (;;) {
      const read = readSync(fd, buffer, length, buffer.length - length, null)
      length += read
      if (read === 0 || length > limitBytes) break
      if (length === buffer.length) buffer = Buffer.concat([buffer], Math.min(2 * length, limitBytes + 1))
    }
    return { bytes: buffer.subarray(0, Math.min(length, limitBytes)), cut: length > limitBytes }
  } finally {
    closeSync(fd)
  }
}

/** Path of what the process executes, as that process' own mount namespace has it. Throws what node:fs throws; ENOENT also for kernel threads. */
export function readExe(procfs: string, pid: number): string {
  const path = readlinkSync(`${procfs}/${pid}/exe`)
  return path.endsWith(DELETED) ? path.slice(0, -DELETED.length) : path
}

/** Number of the process' network namespace, from the link `net:[4026531840]`. Undefined when the link says something else. */
export function readNetnsInode(procfs: string, pid: number | 'self'): number | undefined {
  const match = /^net:\[(\d{1,15})\]$/.exec(readlinkSync(`${procfs}/${pid}/ns/net`))
  return match === null ? undefined : Number(match[1])
}

/** When it started, in clock ticks after boot: with the pid it names one process for good. */
export function readStartTicks(procfs: string, pid: number): number {
  return parseStartTicks(readStart(`${procfs}/${pid}/stat`, MAX_STAT_BYTES).bytes.toString('latin1'))
}

/** Field 22 of proc_pid_stat(5). The second field is a name that may hold spaces and parentheses. -1 when it is not there. */
export function parseStartTicks(stat: string): number {
  const ticks = stat.slice(stat.lastIndexOf(')') + 2).split(' ', 20)[19]
  return ticks !== undefined && /^\d{1,15}$/.test(ticks) ? Number(ticks) : -1
}

/** Name of the process, at most 15 bytes; any process may choose its own. */
export function readComm(procfs: string, pid: number): string {
  return readStart(`${procfs}/${pid}/comm`, MAX_COMM_BYTES).bytes.toString().replace(/\n$/, '')
}

/** Its arguments, or the title that it gave itself. Cut after 8 KiB. */
export function readArguments(procfs: string, pid: number): string[] {
  return readStart(`${procfs}/${pid}/cmdline`, MAX_COMMAND_LINE_BYTES).bytes.toString().replace(/\0+$/, '').split('\0')
}

/** The pids of a procfs, in the order of the folder. */
export function pidsOf(names: readonly string[]): number[] {
  const pids: number[] = []
  for (const name of names) if (PID.test(name)) pids.push(Number(name))
  return pids
}
