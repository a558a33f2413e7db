import type { Probe } from '../protocol.ts'
import { API_VERSIONS, APIS, isFlexible, isKnownRequest, structFor } from './apis.ts'
import { KeptFrame } from './kept-frame.ts'
import { MAX_CLIENT_ID_BYTES, MAX_FRAME_BYTES, PROBE_BYTES } from './limits.ts'
import { Skim } from './skim.ts'
import type { Step } from './steps.ts'
import { SHORT_LENGTH, SIZED, TAG_STEP, stepsOf } from './steps.ts'

/** Length, api key, version and correlation id; the length of the client id. */
const HEAD_BYTES = 14
const CLIENT_ID: Step = { op: SIZED, size: 0, length: SHORT_LENGTH, sub: [] }
const known = new Map<number, readonly Step[] | undefined>()

/** Over what follows the fixed first fields: client id, tags, body; undefined where the fields are not known. */
export function requestSteps(key: number, version: number): readonly Step[] | undefined {
  return stepsFor(key, version, true)
}

/** Over what follows the correlation id. Answers to ApiVersions never have tags in the header. */
export function responseSteps(key: number, version: number): readonly Step[] | undefined {
  return stepsFor(key, version, false)
}

function stepsFor(key: number, version: number, isRequest: boolean): readonly Step[] | undefined {
  const id = key * 1024 + version * 2 + (isRequest ? 1 : 0)
  if (!known.has(id)) known.set(id, build(key, version, isRequest))
  return known.get(id)
}

function build(key: number, version: number, isRequest: boolean): readonly Step[] | undefined {
  const struct = structFor(key, version, isRequest)
  if (struct === undefined) return undefined
  const tags = isFlexible(key, version) && (isRequest || key !== API_VERSIONS) ? [TAG_STEP] : []
  return [...isRequest ? [CLIENT_ID] : [], ...tags, ...stepsOf(struct)]
}

/** Is `bytes` from `from` on a request? Looks at PROBE_BYTES at most, and at all fields of the request in them. */
export function judgeRequest(bytes: Uint8Array, from: number): Probe {
  const here = Math.min(bytes.length - from, PROBE_BYTES)
  const head = judgeHead(bytes, from, here)
  if (head !== 'yes') return head
  const size = int32(bytes, from)
  const key = bytes[from + 5]!
  const version = bytes[from + 7]!
  const steps = requestSteps(key, version)
  const end = Math.min(here, size + 4)
  if (steps !== undefined && !fits(steps, bytes, from + 12, from + end, end === size + 4)) return 'no'
  if (end === size + 4 || here === PROBE_BYTES) return steps !== undefined || key === API_VERSIONS ? 'yes' : 'no'
  return 'more'
}

function judgeHead(bytes: Uint8Array, from: number, here: number): Probe {
  if (here >= 1 && bytes[from]! > MAX_FRAME_BYTES >>> 24) return 'no'
  if (here >= 4 && (int32(bytes, from) > MAX_FRAME_BYTES || int32(bytes, from) < HEAD_BYTES - 4)) return 'no'
  if (here >= 5 && bytes[from + 4] !== 0) return 'no'
  if (here >= 6 && APIS[bytes[from + 5]!] === undefined) return 'no'
  if (here >= 7 && bytes[from + 6] !== 0) return 'no'
  if (here >= 8 && !isKnownRequest(bytes[from + 5]!, bytes[from + 7]!)) return 'no'
  if (here >= 9 && bytes[from + 8]! > 0x7f) return 'no'
  return here < HEAD_BYTES ? 'more' : judgeClientId(bytes, from, here)
}

function judgeClientId(bytes: Uint8Array, from: number, here: number): Probe {
  const size = (bytes[from + 12]! << 8 | bytes[from + 13]!) << 16 >> 16
  if (size < -1 || size > MAX_CLIENT_ID_BYTES || size > int32(bytes, from) - (HEAD_BYTES - 4)) return 'no'
  const end = HEAD_BYTES + Math.max(0, size)
  for (let i = HEAD_BYTES; i < Math.min(end, here); i++) {
    if (bytes[from + i]! < 0x20 || bytes[from + i] === 0x7f) return 'no'
  }
  return here < end ? 'more' : 'yes'
}

/** The fields take exactly the bytes, as far as they are here. */
function fits(steps: readonly Step[], bytes: Uint8Array, from: number, to: number, isWhole: boolean): boolean {
  const skim = new Skim()
  skim.begin(new KeptFrame(0, 0, 0), steps)
  skim.feed(bytes, from, to)
  return !skim.isBroken && skim.extraBytes === 0 && (!isWhole || skim.isOver)
}

/** Is `bytes` from `from` on an answer to a request of this kind? `more`: it is too early to say. */
export function judgeResponse(bytes: Uint8Array, from: number, key: number, version: number): Probe {
  const here = Math.min(bytes.length - from, PROBE_BYTES)
  const size = int32(bytes, from)
  const end = Math.min(here, size + 4)
  const steps = responseSteps(key, version)
  if (steps === undefined || size < 4 || size > MAX_FRAME_BYTES) return 'no'
  if (!fits(steps, bytes, from + 8, from + Math.max(8, end), end === size + 4)) return 'no'
  return end === size + 4 || here === PROBE_BYTES ? 'yes' : 'more'
}

export function int32(bytes: Uint8Array, at: number): number {
  return bytes[at]! << 24 | bytes[at + 1]! << 16 | bytes[at + 2]! << 8 | bytes[at + 3]!
}
