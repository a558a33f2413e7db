import { endConnection } from '../ending.ts'
import { readPlain } from '../leg-io.ts'
import type { Leg } from '../leg.ts'
import type { RelayLoop } from '../loop.ts'
import { endWriting, noteRead } from '../transfer.ts'
import { MAX_DATA_BYTES } from './frame.ts'
import type { Stream } from './tunnel.ts'

/** With less room in a tunnel a stream waits for more. */
const LEAST_ROOM_BYTES = 4096

/**
 * From a socket into a tunnel, straight into the memory that is sent: as much as the tunnel has room and the other side has given credit for.
 * After one frame it is the turn of the other streams; who found no room, or comes while others wait for it, waits behind them.
 */
export function sendToStream(loop: RelayLoop, from: Leg, to: Leg, stream: Stream): void {
  const { connection } = from
  const { tunnel } = stream
  for (let sent = 0; connection.phase === 'open';) {
    if (from.failure !== undefined) return endConnection(loop, connection, from.failure, from.failureDetail)
    if (from.readEnded) return endWriting(loop, to)
    if (!from.readable || stream.credit === 0) return
    const room = sent >= MAX_DATA_BYTES || tunnel.blocked.length > 0 ? 0 : tunnel.output.room(LEAST_ROOM_BYTES)
    if (room === 0) return loop.tunnels.block(from, stream)
    const address = tunnel.output.dataAddress()
    const count = readPlain(from, address, Math.min(room, stream.credit, MAX_DATA_BYTES - sent))
    if (count <= 0) {
      tunnel.output.freeIfEmpty()
      continue
    }
    tunnel.output.addData(stream.id, count)
    stream.credit -= count
    sent += count
    noteRead(loop, from, address, count)
    loop.tunnels.touch(tunnel)
  }
}
