import { errnoName } from '../../sys/errno.ts'
import { errno } from '../../sys/libc.ts'
import { allocateAt, bytesAt } from '../../sys/memory.ts'
import * as sys from '../../sys/stream-socket.ts'
import type { SocketAddress } from './socket-address.ts'
import { SOCKADDR_BYTES, parseSockaddr, writeSockaddr } from './socket-address.ts'

/** Arguments of the calls below; one set a thread, reused for each call. */
const address = allocateAt(SOCKADDR_BYTES)
const addressMemory = bytesAt(address, SOCKADDR_BYTES)
const integer = allocateAt(8)
const integerMemory = new Int32Array(bytesAt(integer, 8).buffer, 0, 2)
const NONBLOCKING = sys.SOCK_STREAM | sys.SOCK_NONBLOCK | sys.SOCK_CLOEXEC
/** What Istio marks the connections with that carry a caller's address, and what routing rules look for. */
const SPOOFED_MARK = 1337

export interface Accepted { readonly fd: number, readonly address: SocketAddress }

/** The next waiting connection, or the errno (EAGAIN: none). */
export function acceptNext(listener: number): Accepted | number {
  integerMemory[0] = SOCKADDR_BYTES
  const fd = sys.accept4(listener, address, integer, sys.SOCK_NONBLOCK | sys.SOCK_CLOEXEC)
  if (fd < 0) return errno()
  const peer = parseSockaddr(addressMemory)
  if (peer !== undefined) return { fd, address: peer }
  sys.closeFd(fd)
  return sys.ECONNABORTED
}

/** The socket's own address. Under TPROXY that is where the client meant to go. */
export function localAddress(fd: number): SocketAddress | undefined {
  integerMemory[0] = SOCKADDR_BYTES
  return sys.getsocknameAt(fd, address, integer) === 0 ? parseSockaddr(addressMemory) : undefined
}

/** Where a connection was going before a REDIRECT rule; undefined where conntrack does not know it. */
export function originalDestination(fd: number, version: 4 | 6): SocketAddress | undefined {
  integerMemory[0] = SOCKADDR_BYTES
  const level = version === 4 ? sys.SOL_IP : sys.SOL_IPV6
  return sys.getsockoptAt(fd, level, sys.SO_ORIGINAL_DST, address, integer) === 0 ? parseSockaddr(addressMemory) : undefined
}

/** The error that waits on a socket, which is taken off it; 0: none. */
export function socketError(fd: number): number {
  integerMemory[1] = 4
  return sys.getsockoptAt(fd, sys.SOL_SOCKET, sys.SO_ERROR, integer, integer + 4) === 0 ? integerMemory[0] : errno()
}

export function setOption(fd: number, level: number, name: number, value: number): boolean {
  integerMemory[0] = value
  return sys.setsockoptAt(fd, level, name, integer, 4) === 0
}

/** Closes with a RST instead of a FIN; what was not sent is thrown away. */
export function resetSocket(fd: number): void {
  // struct linger: on, 0 seconds.
  integerMemory[0] = 1
  integerMemory[1] = 0
  sys.setsockoptAt(fd, sys.SOL_SOCKET, sys.SO_LINGER, integer, 8)
  sys.closeFd(fd)
}

/** Starts to connect, from the address of `from` where there is one, marked where `mark` is not 0. The descriptor, or the negated errno. */
export function startConnect(to: SocketAddress, from: SocketAddress | undefined, mark: number): number {
  const fd = sys.socketOf(to.version === 4 ? sys.AF_INET : sys.AF_INET6, NONBLOCKING, 0)
  if (fd < 0) return -errno()
  setOption(fd, sys.SOL_TCP, sys.TCP_NODELAY, 1)
  setOption(fd, sys.SOL_SOCKET, sys.SO_KEEPALIVE, 1)
  const wantedMark = mark === 0 && from !== undefined ? SPOOFED_MARK : mark
  const isMarked = wantedMark === 0 || setOption(fd, sys.SOL_SOCKET, sys.SO_MARK, wantedMark)
  if (isMarked && (from === undefined || bindSpoofed(fd, from))) {
    if (sys.connectAt(fd, address, writeSockaddr(addressMemory, to)) === 0 || errno() === sys.EINPROGRESS) return fd
  }
  const failed = errno()
  sys.closeFd(fd)
  return -failed
}

/** A port of the kernel's choice: the caller's own is in use by the connection that it called with. */
function bindSpoofed(fd: number, from: SocketAddress): boolean {
  const transparent = from.version === 4 ? setOption(fd, sys.SOL_IP, sys.IP_TRANSPARENT, 1) : setOption(fd, sys.SOL_IPV6, sys.IPV6_TRANSPARENT, 1)
  return transparent && sys.bindAt(fd, address, writeSockaddr(addressMemory, { ...from, port: 0 })) === 0
}

/** The name of the errno where this process may not mark its connections. */
export function tryMark(mark: number): string | undefined {
  return tryOptions((fd) => setOption(fd, sys.SOL_SOCKET, sys.SO_MARK, mark))
}

/** The name of the errno where this process may not open connections with a caller's address. */
export function trySpoof(): string | undefined {
  return tryOptions((fd) => setOption(fd, sys.SOL_SOCKET, sys.SO_MARK, SPOOFED_MARK) && setOption(fd, sys.SOL_IP, sys.IP_TRANSPARENT, 1))
}

function tryOptions(set: (fd: number) => boolean): string | undefined {
  const fd = sys.socketOf(sys.AF_INET, NONBLOCKING, 0)
  if (fd < 0) return errnoName(errno())
  const failed = set(fd) ? undefined : errnoName(errno())
  sys.closeFd(fd)
  return failed
}

export interface ListenOptions { readonly transparent: boolean, readonly shared: boolean, readonly backlog: number }

/** A listening socket, or the name of the errno. IPv6 sockets take IPv6 only, so that `::` and `0.0.0.0` go side by side. */
export function openListener(at: SocketAddress, { transparent, shared, backlog }: ListenOptions): number | string {
  const six = at.version === 6
  const fd = sys.socketOf(six ? sys.AF_INET6 : sys.AF_INET, NONBLOCKING, 0)
  if (fd < 0) return errnoName(errno())
  // Accepted sockets inherit the first two.
  setOption(fd, sys.SOL_TCP, sys.TCP_NODELAY, 1)
  setOption(fd, sys.SOL_SOCKET, sys.SO_KEEPALIVE, 1)
  setOption(fd, sys.SOL_SOCKET, sys.SO_REUSEADDR, 1)
  if (six) setOption(fd, sys.SOL_IPV6, sys.IPV6_V6ONLY, 1)
  if (shared) setOption(fd, sys.SOL_SOCKET, sys.SO_REUSEPORT, 1)
  const allowed = !transparent || (six ? setOption(fd, sys.SOL_IPV6, sys.IPV6_TRANSPARENT, 1) : setOption(fd, sys.SOL_IP, sys.IP_TRANSPARENT, 1))
  if (allowed && sys.bindAt(fd, address, writeSockaddr(addressMemory, at)) === 0 && (backlog === 0 || sys.listen(fd, backlog) === 0)) return fd
  const failed = errnoName(errno())
  sys.closeFd(fd)
  return failed
}
