import { errnoName, callFailed } from './errno.ts'
import { bind, close, errno, recv, send, socket } from './libc.ts'

const AF_NETLINK = 16
const SOCK_RAW_CLOEXEC = 3 | 0o2000000
const NLM_F_REQUEST_DUMP = 0x001 | 0x300
const NLM_F_DUMP_INTR = 0x10
const NLMSG_ERROR = 2
const NLMSG_DONE = 3
const HEADER = 16
/** The kernel fills at most 32 KiB a datagram of a dump. */
const BUFFER = 64 * 1024
const MAX_TRIES = 5

/** Takes one message of a dump: `view` is its payload, behind the netlink header; borrowed. */
export type OnNetlinkMessage = (view: DataView) => void

/**
 * Asks rtnetlink(7) for a whole table of the calling thread's network namespace, `RTM_GETLINK` for instance.
 * A table that changed while it was read is read anew, so `restart` is called before each try.
 */
export function dumpNetlink(type: number, request: Uint8Array, restart: () => void, onMessage: OnNetlinkMessage): void {
  const fd = socket(AF_NETLINK, SOCK_RAW_CLOEXEC, 0)
  if (fd < 0) throw failed('socket')
  try {
    if (bind(fd, new Uint8Array([AF_NETLINK, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]), 12) !== 0) throw failed('bind')
    for (let tries = 1; ; tries++) {
      restart()
      if (dumpOnce(fd, type, request, tries, onMessage) || tries === MAX_TRIES) return
    }
  } finally {
    close(fd)
  }
}

/** False where the table changed meanwhile. */
function dumpOnce(fd: number, type: number, request: Uint8Array, sequence: number, onMessage: OnNetlinkMessage): boolean {
  const ask = new DataView(new ArrayBuffer(HEADER + request.length))
  ask.setUint32(0, ask.byteLength, true)
  ask.setUint16(4, type, true)
  ask.setUint16(6, NLM_F_REQUEST_DUMP, true)
  ask.setUint32(8, sequence, true)
  const bytes = new Uint8Array(ask.buffer)
  bytes.set(request, HEADER)
  if (send(fd, bytes, bytes.length, 0) < 0) throw failed('send')
  const answer = new Uint8Array(BUFFER)
  const state = { done: false, consistent: true }
  while (!state.done) {
    const length = Number(recv(fd, answer, BUFFER, 0))
    if (length < 0) throw failed('recv')
    walkMessages(new DataView(answer.buffer, 0, length), sequence, state, onMessage)
  }
  return state.consistent
}

function walkMessages(view: DataView, sequence: number, state: { done: boolean, consistent: boolean }, onMessage: OnNetlinkMessage): void {
  for (let at = 0; at + HEADER <= view.byteLength;) {
    const length = view.getUint32(at, true)
    if (length < HEADER || at + length > view.byteLength) return
    const type = view.getUint16(at + 4, true)
    if (view.getUint32(at + 8, true) === sequence) {
      if ((view.getUint16(at + 6, true) & NLM_F_DUMP_INTR) !== 0) state.consistent = false
      if (type === NLMSG_ERROR) throw failed('recv', -view.getInt32(at + HEADER, true))
      if (type === NLMSG_DONE) state.done = true
      else onMessage(new DataView(view.buffer, view.byteOffset + at + HEADER, length - HEADER))
    }
    at += length + 3 & ~3
  }
}

/** The value of the first attribute of that type behind `from`, or undefined. Attributes that claim too much end the search. */
export function netlinkAttribute(view: DataView, from: number, type: number): Uint8Array | undefined {
  for (let at = from; at + 4 <= view.byteLength;) {
    const length = view.getUint16(at, true)
    if (length < 4 || at + length > view.byteLength) return undefined
    if ((view.getUint16(at + 2, true) & 0x3fff) === type) return new Uint8Array(view.buffer, view.byteOffset + at + 4, length - 4)
    at += length + 3 & ~3
  }
  return undefined
}

function failed(call: string, code = errno()): Error {
  return callFailed({ doing: 'list the interfaces', call, errno: errnoName(code) })
}
