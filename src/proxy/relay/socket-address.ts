import { formatAddress, parseAddress } from '../../net/address.ts'
import type { Words } from '../../net/prefix.ts'

/** Room for struct sockaddr_in6, the longest that is used here. */
export const SOCKADDR_BYTES = 28
const AF_INET = 2
const AF_INET6 = 10
const SOCKADDR_IN_BYTES = 16

/** An IPv4 or IPv6 address with a port. `words` are unsigned and in host order, as in net/address.ts; IPv4 uses the last only. */
export interface SocketAddress {
  readonly version: 4 | 6
  readonly words: Words
  readonly port: number
  /** Interface of a link-local IPv6 address; else 0. */
  readonly scope: number
}

/** struct sockaddr_in: family, port in network order, address. struct sockaddr_in6 (ipv6(7)): family, port, flow, address, scope. */
export function parseSockaddr(memory: Uint8Array): SocketAddress | undefined {
  const view = new DataView(memory.buffer, memory.byteOffset, SOCKADDR_BYTES)
  const family = view.getUint16(0, true)
  const port = view.getUint16(2)
  if (family === AF_INET) return { version: 4, words: [0, 0, 0, view.getUint32(4)], port, scope: 0 }
  if (family !== AF_INET6) return undefined
  return { version: 6, words: [view.getUint32(8), view.getUint32(12), view.getUint32(16), view.getUint32(20)], port, scope: view.getUint32(24, true) }
}

/** Writes the structure into `memory`, which has SOCKADDR_BYTES, and returns its length. */
export function writeSockaddr(memory: Uint8Array, { version, words, port, scope }: SocketAddress): number {
  const view = new DataView(memory.buffer, memory.byteOffset, SOCKADDR_BYTES)
  memory.fill(0, 0, SOCKADDR_BYTES)
  view.setUint16(0, version === 4 ? AF_INET : AF_INET6, true)
  view.setUint16(2, port)
  if (version === 4) {
    view.setUint32(4, words[3])
    return SOCKADDR_IN_BYTES
  }
  for (let i = 0; i < 4; i++) view.setUint32(8 + 4 * i, words[i])
  view.setUint32(24, scope, true)
  return SOCKADDR_BYTES
}

/** `10.1.2.3:80` or `[fd00::1]:80`. */
export function socketAddressText(address: SocketAddress): string {
  const host = hostText(address)
  return address.version === 4 ? `${host}:${address.port}` : `[${host}]:${address.port}`
}

/** The address alone. */
function hostText({ version, words }: SocketAddress): string {
  return formatAddress(version, words[0], words[1], words[2], words[3])
}

/** Undefined where `host` is a name. */
export function parseSocketAddress(host: string, port: number): SocketAddress | undefined {
  const address = parseAddress(host)
  return address === undefined ? undefined : { ...address, port, scope: 0 }
}

export function sameAddress(a: SocketAddress, b: SocketAddress): boolean {
  return a.port === b.port && a.version === b.version && a.words.every((word, i) => word === b.words[i])
}

/** 4 or 16 bytes in network order. */
export function addressBytes({ version, words }: SocketAddress): number[] {
  const used = version === 4 ? [words[3]] : words
  return used.flatMap((word) => [word >>> 24, word >>> 16 & 255, word >>> 8 & 255, word & 255])
}
