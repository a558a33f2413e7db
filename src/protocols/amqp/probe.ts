import type { Probe } from '../protocol.ts'
import { methodOf } from './methods.ts'

const NAME = [0x41, 0x4d, 0x51, 0x50]
/** Methods of 256 KiB and more are not believed: third byte of the size. */
const MAX_SIZE_BYTE = 3
const METHOD = 1
const HEARTBEAT = 8
const FRAME_END = 0xce
const CONNECTION_CLASS = 10
/** A method of which so much is here need not be here to its end. */
const SURE_BYTES = 512
const HEADER_BYTES = 8
/** Type, channel, size, class and method. */
const METHOD_HEAD_BYTES = 11

/** The client's protocol header, or a frame with a known method from either side, or a heartbeat. */
export function probe(client: Uint8Array, server: Uint8Array): Probe {
  if (client.length > 0) return judge(client)
  return server.length > 0 ? judge(server) : 'more'
}

function judge(bytes: Uint8Array): Probe {
  return bytes[0] === NAME[0] ? judgeHeader(bytes) : isFrameAt(bytes, 0)
}

/** `AMQP`, then 0 0 9 1 (0-9-1), 1 1 0 9 and 1 1 0 8 (0-9, 0-8), 1 1 0 10 (0-10), or an id, 1 0 0 (1.0). */
function judgeHeader(bytes: Uint8Array): Probe {
  const here = Math.min(bytes.length, HEADER_BYTES)
  for (let i = 0; i < Math.min(here, 4); i++) if (bytes[i] !== NAME[i]) return 'no'
  for (let i = 4; i < here; i++) if (bytes[i]! > 10) return 'no'
  return here < HEADER_BYTES ? 'more' : 'yes'
}

/** Is this a frame that cannot well be anything else, as far as it is here? Bodies and content headers are not recognised by themselves. */
function isFrameAt(bytes: Uint8Array, from: number): Probe {
  const head = isFrameHead(bytes, from)
  const here = bytes.length - from
  if (head !== 'yes' || bytes[from] === HEARTBEAT) return head
  const size = bytes[from + 4]! * 0x10000 + (bytes[from + 5]! << 8 | bytes[from + 6]!)
  if (here < size + 8) return here >= SURE_BYTES ? 'yes' : 'more'
  return bytes[from + 7 + size] === FRAME_END ? 'yes' : 'no'
}

/** Does a method or a heartbeat begin at `from`? Takes 11 bytes to tell. */
export function isFrameHead(bytes: Uint8Array, from: number): Probe {
  const here = bytes.length - from
  if (bytes[from] === HEARTBEAT) return judgeHeartbeat(bytes, from, here)
  if (bytes[from] !== METHOD || (here >= 4 && bytes[from + 3] !== 0) || (here >= 5 && bytes[from + 4]! > MAX_SIZE_BYTE) || (here >= 8 && bytes[from + 7] !== 0)) return 'no'
  if (here < METHOD_HEAD_BYTES) return 'more'
  const size = bytes[from + 4]! * 0x10000 + (bytes[from + 5]! << 8 | bytes[from + 6]!)
  const id = (bytes[from + 7]! << 8 | bytes[from + 8]!) * 0x10000 + (bytes[from + 9]! << 8 | bytes[from + 10]!)
  const isConnection = bytes[from + 8] === CONNECTION_CLASS
  const isOnChannel0 = bytes[from + 1] === 0 && bytes[from + 2] === 0
  return size >= 4 && methodOf(id) !== undefined && isConnection === isOnChannel0 ? 'yes' : 'no'
}

/** On channel 0, without payload. */
function judgeHeartbeat(bytes: Uint8Array, from: number, here: number): Probe {
  for (let i = 1; i < Math.min(here, 7); i++) if (bytes[from + i] !== 0) return 'no'
  if (here < HEADER_BYTES) return 'more'
  return bytes[from + 7] === 0xce ? 'yes' : 'no'
}
