import { callFailed, errnoName } from './errno.ts'
import { addressOf, errno, setsockopt } from './libc.ts'

const SOL_SOCKET = 1
const SO_ATTACH_FILTER = 26
/** struct sock_filter of linux/filter.h: code u16, jt u8, jf u8, k u32. */
const INSTRUCTION = 8

const LD_W_ABS = 0x20
const JEQ = 0x15
const RET = 0x06
const SKF_AD_PKTTYPE = 0xffff_f000 + 4
const SKF_AD_HATYPE = 0xffff_f000 + 28
const PACKET_OUTGOING = 4
const ARPHRD_LOOPBACK = 772

/** Lets nothing through. */
export const DROP_ALL = program([[RET, 0, 0, 0]])
const KEEP_ALL = program([[RET, 0, 0, 0xffff_ffff]])

/**
 * On loopback each packet is seen going out and again coming in; this lets the second one through only.
 * Jumps are relative, so any program may follow.
 */
const LOOPBACK_ONCE = program([
  [LD_W_ABS, 0, 0, SKF_AD_PKTTYPE],
  [JEQ, 0, 3, PACKET_OUTGOING],
  [LD_W_ABS, 0, 0, SKF_AD_HATYPE],
  [JEQ, 0, 1, ARPHRD_LOOPBACK],
  [RET, 0, 0, 0],
])

/**
 * Puts a classic BPF program on a packet socket in place of the one before, without a moment in between.
 * False where the kernel has no room for it (net.core.optmem_max, or more than 4096 instructions): nothing changed then.
 */
export function attachFilter(fd: number, instructions: Uint8Array): boolean {
  const fprog = new Uint8Array(16)
  const view = new DataView(fprog.buffer)
  view.setUint16(0, instructions.length / INSTRUCTION, true)
  view.setBigUint64(8, addressOf(instructions), true)
  if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, fprog, fprog.length) === 0) return true
  const name = errnoName(errno())
  if (name === 'ENOMEM' || name === 'EINVAL') return false
  throw callFailed({ doing: 'attach a packet filter', call: 'setsockopt SO_ATTACH_FILTER', errno: name })
}

/** The program with the loopback rule before it; everything passes where there is no program. */
export function withLoopbackOnce(instructions: Uint8Array | undefined): Uint8Array {
  const rest = instructions === undefined || instructions.length === 0 ? KEEP_ALL : instructions
  const joined = new Uint8Array(LOOPBACK_ONCE.length + rest.length)
  joined.set(LOOPBACK_ONCE)
  joined.set(rest, LOOPBACK_ONCE.length)
  return joined
}

function program(instructions: readonly (readonly [code: number, jt: number, jf: number, k: number])[]): Uint8Array {
  const bytes = new Uint8Array(instructions.length * INSTRUCTION)
  const view = new DataView(bytes.buffer)
  instructions.forEach(([code, jt, jf, k], i) => {
    view.setUint16(i * INSTRUCTION, code, true)
    view.setUint8(i * INSTRUCTION + 2, jt)
    view.setUint8(i * INSTRUCTION + 3, jf)
    view.setUint32(i * INSTRUCTION + 4, k, true)
  })
  return bytes
}
