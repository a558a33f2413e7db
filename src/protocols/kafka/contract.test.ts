import { CLIENT, SERVER } from '../../model/side.ts'
import type { Endless } from '../contract.fixture.ts'
import { contract } from '../contract.fixture.ts'
import { Bytes, batchBytes, encodeRequest, encodeResponse } from './encode.fixture.ts'
import { kafka } from './kafka.ts'
import { ask } from './samples.fixture.ts'
import { SAMPLES } from './samples.fixture.ts'

const heartbeat = encodeRequest(12, 3, 5, 'shop', { groupId: 'readers', memberId: 'm' })
const produce = (sizeBytes: number): Buffer => {
  const whole = encodeRequest(0, 7, 5, 'shop', { acks: 1, topics: [{ topic: 'orders', partitions: [{ partition: 0, records: Buffer.alloc(0) }] }] })
  whole.writeInt32BE(sizeBytes + 100)
  whole.writeInt32BE(sizeBytes, whole.length - 4)
  return whole
}
const fetching = [ask(encodeRequest(1, 11, 5, 'shop', { topics: [{ topic: 'orders', partitions: [{ partition: 0 }] }] }))]
const endless = (name: string, side: typeof CLIENT | typeof SERVER, block: Uint8Array, ...prefix: Uint8Array[]): Endless => ({
  name, side, block, prefix: prefix.map((bytes) => ({ side, bytes, at: 1000 })),
})

const manyFields = new Bytes().int(90_000_000, 4).int(5, 4).int(0, 4).int(0, 2).int(0, 4).int(1, 4).int(1, 2).text('t').int(0x7fff_ffff, 4).whole
const emptyPartition = new Bytes().int(0, 4).int(0, 2).raw(Buffer.alloc(24)).int(-1, 4).int(-1, 4).int(17, 4).raw(Buffer.alloc(17)).whole

const ENDLESS: readonly Endless[] = [
  { ...endless('requests without answers', CLIENT, heartbeat), sizeBytes: 12 * 1024 * 1024 },
  endless('large requests without answers', CLIENT, encodeRequest(3, 1, 9, 'shop', { topics: Array.from({ length: 3000 }, (_, i) => ({ topic: `topic-${i}` })) })),
  endless('records without end', CLIENT, Buffer.alloc(1000, 0x61), produce(90_000_000)),
  endless('batches without end', CLIENT, batchBytes([{ key: 'a', value: 'b' }]), produce(90_000_000)),
  endless('a request without end', CLIENT, Buffer.alloc(1000, 1), new Bytes().int(90_000_000, 4).int(3, 2).int(1, 2).int(5, 4).int(1, 2).text('a').int(0x7fff_ffff, 4).whole),
  endless('an answer without end', SERVER, Buffer.alloc(1000, 1), new Bytes().int(90_000_000, 4).int(5, 4).whole),
  { ...endless('partitions without end', SERVER, emptyPartition, manyFields), prefix: [...fetching, { side: SERVER, bytes: manyFields, at: 1001 }] },
  endless('answers without requests', SERVER, encodeResponse(12, 3, 77, {})),
  endless('nothing that is an answer', SERVER, Buffer.alloc(999, 0x11), Buffer.from('ffffffff', 'hex')),
  endless('nothing that is a request', CLIENT, Buffer.alloc(999, 0), heartbeat, Buffer.from('ffffffff', 'hex')),
]

contract(kafka, SAMPLES, { endless: ENDLESS, retainedLimitBytes: 4 * 1024 * 1024 })
