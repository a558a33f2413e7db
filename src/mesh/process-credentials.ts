import { readStart } from './process-files.ts'

const MAX_STATUS_BYTES = 16 * 1024
/** Bits of the capabilities that a mesh has to fear (linux/capability.h). */
const BITS: readonly [name: string, bit: bigint][] = [['SETUID', 7n], ['NET_ADMIN', 12n], ['NET_RAW', 13n], ['SYS_ADMIN', 21n]]

export interface ProcessCredentials {
  /** Of the file system: what a socket that is opened now belongs to. */
  readonly uid: number
  readonly gid: number
  /** Of those named above, what the process has in effect, or may take: `NET_ADMIN`. */
  readonly capabilities: readonly string[]
}

/** Throws what node:fs throws; undefined where the file says something else. */
export function readCredentials(procfs: string, pid: number): ProcessCredentials | undefined {
  return parseStatus(readStart(`${procfs}/${pid}/status`, MAX_STATUS_BYTES).bytes.toString('latin1'))
}

/** proc_pid_status(5): the fourth number of Uid and Gid, and the permitted capabilities. */
export function parseStatus(status: string): ProcessCredentials | undefined {
  const uid = /^Uid:(?:\s+\d+){3}\s+(\d{1,10})$/m.exec(status)?.[1]
  const gid = /^Gid:(?:\s+\d+){3}\s+(\d{1,10})$/m.exec(status)?.[1]
  const permitted = /^CapPrm:\s+([0-9a-f]{1,16})$/m.exec(status)?.[1]
  if (uid === undefined || gid === undefined) return undefined
  const bits = BigInt(`0x${permitted ?? '0'}`)
  return { uid: Number(uid), gid: Number(gid), capabilities: BITS.filter(([, bit]) => (bits >> bit & 1n) === 1n).map(([name]) => name) }
}
