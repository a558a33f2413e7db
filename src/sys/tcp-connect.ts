import { closeSync } from 'node:fs'
import { Socket, isIPv6 } from 'node:net'
import koffi from 'koffi'
import { callFailed, errnoName } from './errno.ts'
import { close, errno, setsockopt, socket } from './libc.ts'
import { openNetns, withNetns } from './netns.ts'
import { SO_MARK, SOL_SOCKET } from './stream-socket.ts'

const libc = koffi.load(null)

const connect: (fd: number, address: Uint8Array, length: number) => number = libc.func('int connect(int sockfd, const void *addr, uint32_t addrlen)')
/** For the calling thread only. It fails silently, and gives the one before: setfsuid(2). */
const setfsuid: (uid: number) => number = libc.func('int setfsuid(unsigned int fsuid)')
const inetPton: (family: number, text: string, address: Uint8Array) => number = libc.func('int inet_pton(int af, const char *src, void *dst)')

const AF_INET = 2
const AF_INET6 = 10
/** SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC */
const SOCKET_TYPE = 1 | 0o4000 | 0o2000000
/** sockaddr_in of ip(7) and sockaddr_in6 of ipv6(7): where the address is, and how long they are. */
const V4 = { family: AF_INET, addressAt: 4, sizeBytes: 16 }
const V6 = { family: AF_INET6, addressAt: 8, sizeBytes: 28 }

/** By what netfilter can tell the connections of a proxy. `uid`: owner of the socket, as the `owner` match sees it. `mark`: SO_MARK of socket(7), as the `mark` match does. */
export interface ProxyPass { readonly uid?: number | undefined, readonly mark?: number | undefined }

/**
 * A TCP connection out of a network namespace ('' is the thread's own). It is under way when this returns: what is written waits for it,
 * and what becomes of it ('ECONNREFUSED', a timeout of the kernel) comes as the socket's `error`. The caller sets a bound of its own.
 * Throws as openNetns does, and 'system-call' where the kernel refuses at once ('ENETUNREACH').
 * With `pass` rules of a mesh let it pass as they do the connections of its proxy; a mark needs CAP_NET_ADMIN there ('not-permitted').
 */
export function connectFrom(netnsPath: string, ip: string, port: number, pass: ProxyPass = {}): Socket {
  const start = (): number => startConnection(ip, port, pass)
  if (netnsPath === '') return new Socket({ fd: start() })
  const netns = openNetns(netnsPath)
  try {
    return new Socket({ fd: withNetns(netns, start) })
  } finally {
    closeSync(netns)
  }
}

/** A socket belongs to the file system user of the thread at the moment that it is made. */
function openSocket(family: number, asUid: number | undefined): number {
  if (asUid === undefined) return socket(family, SOCKET_TYPE, 0)
  const before = setfsuid(asUid)
  try {
    return socket(family, SOCKET_TYPE, 0)
  } finally {
    setfsuid(before)
  }
}

function startConnection(ip: string, port: number, { uid, mark }: ProxyPass): number {
  const { family, addressAt, sizeBytes } = isIPv6(ip) ? V6 : V4
  const address = new Uint8Array(sizeBytes)
  const view = new DataView(address.buffer)
  view.setUint16(0, family, true)
  view.setUint16(2, port)
  if (inetPton(family, ip, address.subarray(addressAt)) !== 1) throw callFailed({ doing: `connect to ${ip}`, call: 'inet_pton', errno: 'EINVAL' })
  const fd = openSocket(family, uid)
  if (fd < 0) throw callFailed({ doing: 'open a socket', call: 'socket', errno: errnoName(errno()) })
  if (mark !== undefined) setMark(fd, mark)
  if (connect(fd, address, sizeBytes) === 0) return fd
  const why = errnoName(errno())
  if (why === 'EINPROGRESS') return fd
  close(fd)
  throw callFailed({ doing: `connect to ${ip}`, call: 'connect', errno: why, facts: { ip, port } })
}

/** Closes the socket where it may not be marked. */
function setMark(fd: number, mark: number): void {
  if (setsockopt(fd, SOL_SOCKET, SO_MARK, new Uint32Array([mark]), 4) === 0) return
  const why = errnoName(errno())
  close(fd)
  throw callFailed({ doing: `set mark ${mark} on a socket`, call: 'setsockopt', errno: why, needs: 'CAP_NET_ADMIN' })
}
