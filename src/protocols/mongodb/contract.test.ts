import { CLIENT, SERVER } from '../../model/side.ts'
import type { Endless } from '../contract.fixture.ts'
import { contract } from '../contract.fixture.ts'
import { mongodb } from './mongodb.ts'
import { OP_MSG } from './op.ts'
import { SAMPLES, ask, bson, int32, message, wire } from './samples.fixture.ts'

const first = ask(1, { ping: 1, $db: 'admin' }, 1000)

const ENDLESS: readonly Endless[] = [
  { name: 'a message that never ends', side: CLIENT, prefix: [{ ...first, bytes: Buffer.concat([int32(48_000_000, 5, 0, OP_MSG), message(0, { insert: 'a' })]) }], block: bson({ a: 1 }) },
  { name: 'requests without replies', side: CLIENT, prefix: [], block: Buffer.from(first.bytes), sizeBytes: 32 * 1024 * 1024 },
  { name: 'large requests without replies', side: CLIENT, prefix: [], block: wire(7, 0, OP_MSG, message(0, { insert: 'a', text: 'x'.repeat(20_000) })) },
  { name: 'replies without requests', side: SERVER, prefix: [first], block: wire(7, 99, OP_MSG, message(0, { ok: 1 })) },
  { name: 'an exhaust cursor without end', side: SERVER, prefix: [first], block: wire(1, 1, OP_MSG, message(2, { ok: 1 })) },
  { name: 'junk', side: SERVER, prefix: [first], block: Buffer.from('junk that is no header at all') },
]

// A header that is not whole yet may be anything.
contract(mongodb, SAMPLES, { endless: ENDLESS, retainedLimitBytes: 4 * 1024 * 1024 })
