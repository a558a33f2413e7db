import type { Side } from '../../model/side.ts'
import { CLIENT, SERVER } from '../../model/side.ts'
import type { Probe } from '../protocol.ts'
import { DEFAULT_FRAME_BYTES, PREFACE } from './frame-types.ts'
import { MORE, YES, strictChain } from './plausible.ts'

/** The client's preface; or, of a connection whose start was missed, frames at the beginning of a segment of either side. */
export function probe(client: Uint8Array, server: Uint8Array): Probe {
  if (client.length > 0) {
    const verdict = probeClient(client)
    if (verdict !== 'more' || server.length === 0) return verdict
  }
  return server.length > 0 ? probeFrames(server, SERVER) : 'more'
}

function probeClient(bytes: Uint8Array): Probe {
  const known = Math.min(bytes.length, PREFACE.length)
  let i = 0
  while (i < known && bytes[i] === PREFACE[i]) i++
  if (i === PREFACE.length) return 'yes'
  return i === bytes.length ? 'more' : probeFrames(bytes, CLIENT)
}

function probeFrames(bytes: Uint8Array, side: Side): Probe {
  const verdict = strictChain(bytes, side, DEFAULT_FRAME_BYTES)
  if (verdict === YES) return 'yes'
  return verdict === MORE ? 'more' : 'no'
}
