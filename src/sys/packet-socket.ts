import { MtlscopeError } from '../base/errors.ts'
import { callFailed, errnoName } from './errno.ts'
import { bind, errno, getsockopt, setsockopt, socket } from './libc.ts'

const AF_PACKET = 17
const SOCK_RAW_CLOEXEC = 3 | 0o2000000
const ETH_P_ALL = 0x0003
const SOL_SOCKET = 1
const SO_ERROR = 4
const SOL_PACKET = 263
const PACKET_STATISTICS = 6
const PACKET_VERSION = 10
const PACKET_RESERVE = 12
const PACKET_FANOUT = 18
const PACKET_IGNORE_OUTGOING = 23
const TPACKET_V3 = 2
const FANOUT_HASH = 0
const FANOUT_FLAG_DEFRAG = 0x8000

/** Free bytes that the kernel leaves before each frame, for a VLAN tag or a cooked header. */
const RESERVE = 16

/** A packet(7) socket for TPACKET_V3 that receives nothing before it is bound: protocol 0. */
export function openPacketSocket(): number {
  const fd = socket(AF_PACKET, SOCK_RAW_CLOEXEC, 0)
  if (fd < 0) throw failed('open a packet socket', 'socket AF_PACKET')
  return fd
}

export function usePacketRings(fd: number): void {
  if (!setOption(fd, PACKET_VERSION, TPACKET_V3)) throw failed('use TPACKET_V3', 'setsockopt PACKET_VERSION')
  if (!setOption(fd, PACKET_RESERVE, RESERVE)) throw failed('reserve room in the ring', 'setsockopt PACKET_RESERVE')
}

/** Spares the kernel the copies of packets that go out. Right for loopback only, where they all come in again. Since Linux 4.20. */
export function ignoreOutgoing(fd: number): void {
  setOption(fd, PACKET_IGNORE_OUTGOING, 1)
}

/** From now on packets arrive. `ifindex` 0 is every interface. An interface that is down is waited for. */
export function bindPacketSocket(fd: number, ifindex: number): void {
  const address = new Uint8Array(20)
  const view = new DataView(address.buffer)
  view.setUint16(0, AF_PACKET, true)
  view.setUint16(2, ETH_P_ALL, false)
  view.setInt32(4, ifindex, true)
  if (bind(fd, address, address.length) === 0) return
  const name = errnoName(errno())
  if (name === 'ENODEV' || name === 'ENXIO') throw new MtlscopeError('no-such-interface', `no interface number ${ifindex}`, { facts: { ifindex } })
  throw callFailed({ doing: `capture on interface number ${ifindex}`, call: 'bind', errno: name, facts: { ifindex } })
}

/**
 * Shares the packets among all sockets of the group in this namespace: both directions of a connection go to one of them.
 * Fragments are joined first, so that they go with the rest; where the kernel refuses that, they are not.
 */
export function joinFanout(fd: number, group: number): void {
  const id = group & 0xffff
  if (setOption(fd, PACKET_FANOUT, id | (FANOUT_HASH | FANOUT_FLAG_DEFRAG) << 16)) return
  if (setOption(fd, PACKET_FANOUT, id | FANOUT_HASH << 16)) return
  throw callFailed({
    doing: `join fanout group ${id}`, call: 'setsockopt PACKET_FANOUT', errno: errnoName(errno()),
    hint: 'capture with one thread: --workers 1',
  })
}

/** The kernel's counters since they were last read: packets that passed the filter (dropped ones included), dropped, freezes. */
export function readPacketStatistics(fd: number, into: Uint32Array): boolean {
  return getsockopt(fd, SOL_PACKET, PACKET_STATISTICS, into, new Uint32Array([12])) === 0
}

/** The error that waits on a socket, taken off it; undefined where there is none. While one waits, poll returns at once. */
export function takeSocketError(fd: number): string | undefined {
  const value = new Int32Array(1)
  if (getsockopt(fd, SOL_SOCKET, SO_ERROR, value, new Uint32Array([4])) !== 0) return errnoName(errno())
  return value[0] === 0 ? undefined : errnoName(value[0])
}

function setOption(fd: number, name: number, value: number): boolean {
  return setsockopt(fd, SOL_PACKET, name, new Int32Array([value]), 4) === 0
}

function failed(doing: string, call: string): Error {
  return callFailed({ doing, call, errno: errnoName(errno()), needs: 'CAP_NET_RAW' })
}
