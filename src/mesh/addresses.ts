import { formatAddress } from '../net/address.ts'
import { readStart } from './process-files.ts'

/** Room for some 100,000 routes: the table of routes comes before the addresses. */
const MAX_TABLE_BYTES = 16 * 1024 * 1024
const MAX_ADDRESSES = 65_536

export interface AddressList {
  /** Canonical text (RFC 5952 for IPv6), IPv4 first, without repetition. Those of the loopback and link-local ones are among them. */
  readonly addresses: string[]
  /** False where a table was larger than is read. */
  readonly complete: boolean
  /** Size of the tables that were read: what another reading costs. */
  readonly sizeBytes: number
}

/** Addresses configured in the network namespace of that process, read without entering it. Throws what node:fs throws. */
export function readAddressList(procfs: string, pid: number): AddressList {
  const trie = readStart(`${procfs}/${pid}/net/fib_trie`, MAX_TABLE_BYTES)
  const v6 = readIfInet6(procfs, pid)
  const all = [...parseFibTrie(trie.bytes.toString('latin1')), ...parseIfInet6(v6.bytes.toString('latin1'))]
  return {
    addresses: all.slice(0, MAX_ADDRESSES),
    complete: !trie.cut && !v6.cut && all.length <= MAX_ADDRESSES,
    sizeBytes: trie.bytes.length + v6.bytes.length,
  }
}

export function readAddresses(procfs: string, pid: number): string[] {
  return readAddressList(procfs, pid).addresses
}

function readIfInet6(procfs: string, pid: number): { bytes: Buffer, cut: boolean } {
  try {
    return readStart(`${procfs}/${pid}/net/if_inet6`, MAX_TABLE_BYTES)
  } catch (error) {
    // A kernel without IPv6 has no such file.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { bytes: Buffer.alloc(0), cut: false }
    throw error
  }
}

/**
 * Local IPv4 addresses of a namespace: in /proc/net/fib_trie a leaf `|-- 10.0.0.7` with a line `/32 host LOCAL` below it.
 * Wider local entries (`/8 host LOCAL` of 127.0.0.0) are routes and not addresses. The kernel shows the table once or twice.
 */
export function parseFibTrie(text: string): string[] {
  const found = new Set<string>()
  let leaf = ''
  for (const match of text.matchAll(/\|-- (\d{1,3}(?:\.\d{1,3}){3})$|^ *\/32 host LOCAL$/gm)) {
    if (match[1] !== undefined) leaf = match[1]
    else if (leaf !== '') found.add(leaf)
  }
  return [...found]
}

/** IPv6 addresses of a namespace: the first field of each line of /proc/net/if_inet6 is 32 hexadecimal digits. */
export function parseIfInet6(text: string): string[] {
  const found = new Set<string>()
  for (const [, hex] of text.matchAll(/^([0-9a-f]{32}) /gm)) {
    const word = (index: number): number => Number.parseInt(hex!.slice(8 * index, 8 * index + 8), 16)
    found.add(formatAddress(6, word(0), word(1), word(2), word(3)))
  }
  return [...found]
}
