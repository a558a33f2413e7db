import koffi from 'koffi'
import { MtlscopeError } from '../base/errors.ts'
import { callFailed, errnoName } from './errno.ts'
import { bind, close, errno, setsockopt, socket } from './libc.ts'

const libc = koffi.load(null)
const setfsuid: (uid: number) => number = libc.func('int setfsuid(uint32_t fsuid)')
const setfsgid: (gid: number) => number = libc.func('int setfsgid(uint32_t fsgid)')

const AF_INET = 2
const AF_INET6 = 10
const SOCK_STREAM = 1
const SOCK_DGRAM = 2
const FLAGS = 0o4000 | 0o2000000
/** No such user: asks for the present one without a change. */
const ASK = 0xffff_ffff

export interface SocketOwner { readonly uid: number, readonly gid: number }

/**
 * A socket that belongs to somebody else, as owner rules see it; non-blocking, not connected, in the network namespace of the calling thread. Only its
 * opening happens under that user (setfsuid(2), which concerns one thread). The caller closes it. Throws 'not-permitted' without CAP_SETUID and CAP_SETGID.
 */
export function openSocketAs({ uid, gid }: SocketOwner, version: 4 | 6, kind: 'stream' | 'datagram'): number {
  const [ownUid, ownGid] = [setfsuid(ASK), setfsgid(ASK)]
  try {
    setfsgid(gid)
    setfsuid(uid)
    if (setfsuid(ASK) !== uid || setfsgid(ASK) !== gid) throw callFailed({ doing: `open a socket as uid ${uid}, gid ${gid}`, call: 'setfsuid', errno: 'EPERM', hint: 'needs CAP_SETUID and CAP_SETGID' })
    const fd = socket(version === 4 ? AF_INET : AF_INET6, (kind === 'stream' ? SOCK_STREAM : SOCK_DGRAM) | FLAGS, 0)
    if (fd < 0) throw callFailed({ doing: 'open a socket', call: 'socket', errno: errnoName(errno()) })
    return fd
  } finally {
    setfsuid(ownUid)
    setfsgid(ownGid)
  }
}

const SOL_SOCKET = 1
const SO_REUSEADDR = 2
const SOL_IP = 0
const IP_TRANSPARENT = 19
const SOL_IPV6 = 41
const IPV6_V6ONLY = 26
const IPV6_TRANSPARENT = 75

/**
 * A stream socket of somebody else, bound to that port of every address of one family, not listening yet. `isTransparent`: it takes connections to
 * other addresses and ports, too (TPROXY). The caller closes it. Throws 'cannot-listen', 'not-permitted'.
 */
export function bindSocketAs(owner: SocketOwner, version: 4 | 6, port: number, isTransparent: boolean): number {
  const fd = openSocketAs(owner, version, 'stream')
  const on = new Int32Array([1])
  const options = [
    [SOL_SOCKET, SO_REUSEADDR], ...version === 6 ? [[SOL_IPV6, IPV6_V6ONLY]] : [],
    ...isTransparent ? [version === 4 ? [SOL_IP, IP_TRANSPARENT] : [SOL_IPV6, IPV6_TRANSPARENT]] : [],
  ]
  const isSet = options.every(([level, name]) => setsockopt(fd, level!, name!, on, 4) === 0)
  const address = new Uint8Array(version === 4 ? 16 : 28)
  new DataView(address.buffer).setUint16(0, version === 4 ? AF_INET : AF_INET6, true)
  new DataView(address.buffer).setUint16(2, port)
  if (isSet && bind(fd, address, address.length) === 0) return fd
  const name = errnoName(errno())
  close(fd)
  throw name === 'EPERM' ? callFailed({ doing: `listen on port ${port}`, call: 'setsockopt', errno: name, needs: 'CAP_NET_ADMIN' }) : new MtlscopeError('cannot-listen', `cannot listen on port ${port}: ${name}`, { facts: { port, errno: name } })
}
