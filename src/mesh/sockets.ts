import { formatAddress } from '../net/address.ts'
import { readStart } from './process-files.ts'

/** Room for some 100,000 sockets. */
const MAX_TABLE_BYTES = 16 * 1024 * 1024
/** Fields of a line of proc_net_tcp(5), counted from 0. */
const LOCAL = 1
const REMOTE = 2
const STATE = 3
const UID = 7
const INODE = 9

/** State number of a TCP socket, as in include/net/tcp_states.h. */
export const ESTABLISHED = 1
export const LISTEN = 10

/** One TCP socket of a network namespace. */
export interface TcpSocket {
  readonly localIp: string
  readonly localPort: number
  readonly remoteIp: string
  readonly remotePort: number
  readonly state: number
  readonly uid: number
  /** Number of the socket; 0 where no process holds it any more. */
  readonly inode: number
}

export interface SocketTable {
  readonly sockets: TcpSocket[]
  /** False where the table was larger than is read. */
  readonly complete: boolean
}

/** TCP sockets of the namespace of that process, IPv4 and IPv6. Throws what node:fs throws. */
export function readTcpSockets(procfs: string, pid: number): SocketTable {
  const v4 = readStart(`${procfs}/${pid}/net/tcp`, MAX_TABLE_BYTES)
  const v6 = readTcp6(procfs, pid)
  return {
    sockets: [...parseTcpSockets(v4.bytes.toString('latin1')), ...parseTcpSockets(v6.bytes.toString('latin1'))],
    complete: !v4.cut && !v6.cut,
  }
}

function readTcp6(procfs: string, pid: number): { bytes: Buffer, cut: boolean } {
  try {
    return readStart(`${procfs}/${pid}/net/tcp6`, MAX_TABLE_BYTES)
  } catch (error) {
    // A kernel without IPv6 has no such file.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { bytes: Buffer.alloc(0), cut: false }
    throw error
  }
}

/** Lines of /proc/net/tcp or tcp6; those that are not whole or not numbers are left out. */
export function parseTcpSockets(text: string): TcpSocket[] {
  const sockets: TcpSocket[] = []
  for (const line of text.split('\n')) {
    const fields = line.trim().split(/ +/, INODE + 1)
    const local = parseEndpoint(fields[LOCAL])
    const remote = parseEndpoint(fields[REMOTE])
    const state = Number.parseInt(fields[STATE] ?? '', 16)
    const uid = Number(fields[UID])
    const inode = Number(fields[INODE])
    if (local === undefined || remote === undefined || !(state >= 0 && uid >= 0 && inode >= 0)) continue
    sockets.push({ localIp: local.ip, localPort: local.port, remoteIp: remote.ip, remotePort: remote.port, state, uid, inode })
  }
  return sockets
}

/** `0100007F:1F90`: words of the address as this machine's memory has them (little-endian on all that mtlscope runs on), then the port. */
function parseEndpoint(text: string | undefined): { ip: string, port: number } | undefined {
  const match = /^([0-9A-F]{8}|[0-9A-F]{32}):([0-9A-F]{4})$/.exec(text ?? '')
  if (match === null) return undefined
  const hex = match[1]!
  const word = (index: number): number => swapped(Number.parseInt(hex.slice(8 * index, 8 * index + 8), 16))
  const ip = hex.length === 8 ? formatAddress(4, 0, 0, 0, word(0)) : formatAddress(6, word(0), word(1), word(2), word(3))
  return { ip, port: Number.parseInt(match[2]!, 16) }
}

function swapped(word: number): number {
  return (word << 24 | (word & 0xff00) << 8 | word >>> 8 & 0xff00 | word >>> 24) >>> 0
}
