import { CLIENT, SERVER } from '../../model/side.ts'
import type { Endless } from '../contract.fixture.ts'
import { contract } from '../contract.fixture.ts'
import { amqp } from './amqp.ts'
import { HEADER, SAMPLES, content, frame, method } from './samples.fixture.ts'

const endless = (name: string, side: typeof CLIENT | typeof SERVER, block: Buffer, ...prefix: Buffer[]): Endless => ({
  name, side, block, prefix: [{ side: CLIENT, bytes: HEADER, at: 1 }, ...prefix.map((bytes) => ({ side, bytes, at: 2 }))],
})

const publish = method(1, 60, 40, Buffer.alloc(2), '', 'q', 0)
const head = (type: number, size: number): Buffer => {
  const bytes = frame(type, 1, Buffer.alloc(0)).subarray(0, 7)
  bytes.writeUInt32BE(size, 3)
  return bytes
}

contract(amqp, SAMPLES, {
  retainedLimitBytes: 4 * 1024 * 1024,
  endless: [
    { ...endless('methods without answers', CLIENT, method(1, 20, 10, '')), sizeBytes: 5 * 1024 * 1024 },
    endless('publishes without confirms', CLIENT, Buffer.concat([publish, content(1, Buffer.alloc(500, 0x61))]), method(1, 85, 10, 0)),
    endless('deliveries without acknowledgements', SERVER, Buffer.concat([method(1, 60, 60, 'c', Buffer.alloc(8), 0, '', 'q'), content(1, Buffer.alloc(500, 0x61))])),
    endless('a body without end', CLIENT, frame(3, 1, Buffer.alloc(900)), publish, frame(2, 1, Buffer.from('003c0000000fffffffffffff0000', 'hex'))),
    endless('a method without end', CLIENT, Buffer.alloc(1000, 1), head(1, 16_000_000)),
    endless('a content header without end', CLIENT, Buffer.alloc(1000, 1), publish, head(2, 16_000_000)),
    { ...endless('channels without end', CLIENT, Buffer.concat(Array.from({ length: 5000 }, (_, i) => method(i + 1, 20, 10, '')))), sizeBytes: 5 * 1024 * 1024 },
    endless('heartbeats', SERVER, frame(8, 0, Buffer.alloc(0))),
    endless('nothing that is a frame', CLIENT, Buffer.alloc(999, 1), Buffer.from([9, 9, 9, 9, 9, 9, 9, 9])),
  ],
})
