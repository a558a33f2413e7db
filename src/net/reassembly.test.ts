import assert from 'node:assert/strict'
import { test } from 'node:test'
import { TcpRecorder, segment } from '../../test/tcp-recorder.ts'
import { CLIENT, SERVER } from '../model/side.ts'
import { ACK, FIN, RST, SYN } from './packet.ts'
import { ReassemblyBudget, senderOfFirst } from './reassembly.ts'

/** Initial numbers such that the streams wrap after a few bytes. */
const C = 0xfffffffc
const S = 0xfffffffe

/** After the handshake: the client's stream begins at C + 1, the server's at S + 1. */
function opened(budget?: ReassemblyBudget): TcpRecorder {
  return new TcpRecorder(budget).client({ seq: C, flags: SYN }).server({ seq: S, ack: C + 1, flags: SYN }).client({ seq: C + 1, ack: S + 1 })
}

test('a whole connection, in order, closed by both', () => {
  const r = opened()
    .client({ seq: C + 1, ack: S + 1, data: 'request' }).server({ seq: S + 1, ack: C + 8, data: 'response' })
    .client({ seq: C + 8, ack: S + 9, flags: FIN })
  assert.deepEqual(r.out, ['request.', 'response'])
  r.server({ seq: S + 9, ack: C + 9, data: ' goes on' })
  assert.equal(r.tcp.closed, false)
  r.server({ seq: S + 17, ack: C + 9, flags: FIN }).client({ seq: C + 9, ack: S + 18 })
  assert.deepEqual(r.out, ['request.', 'response goes on.'])
  assert.equal(r.tcp.closed, true)
  assert.equal(r.tcp.joinedLate, false)
  r.close()
  assert.deepEqual(r.out, ['request.', 'response goes on.'])
})

test('simultaneous open and close', () => {
  const r = new TcpRecorder().client({ seq: C, flags: SYN }).server({ seq: S, flags: SYN })
    .client({ seq: C, ack: S + 1, flags: SYN }).server({ seq: S, ack: C + 1, flags: SYN })
    .client({ seq: C + 1, ack: S + 1, data: 'a' }).server({ seq: S + 1, ack: C + 1, data: 'b' })
    .client({ seq: C + 2, ack: S + 2, flags: FIN }).server({ seq: S + 2, ack: C + 2, flags: FIN })
    .client({ seq: C + 2, ack: S + 3, flags: FIN }).server({ seq: S + 3, ack: C + 3 })
  assert.deepEqual(r.out, ['a.', 'b.'])
  assert.equal(r.tcp.closed, true)
})

test('every packet captured twice changes nothing', () => {
  const r = new TcpRecorder()
  const twice = (side: 0 | 1, o: Parameters<typeof segment>[0]): TcpRecorder => r.send(side, o).send(side, o)
  twice(CLIENT, { seq: C, flags: SYN })
  twice(SERVER, { seq: S, ack: C + 1, flags: SYN })
  twice(CLIENT, { seq: C + 1, ack: S + 1, data: 'request' })
  twice(SERVER, { seq: S + 1, ack: C + 8, data: 'response' })
  twice(CLIENT, { seq: C + 8, ack: S + 9, flags: FIN })
  twice(SERVER, { seq: S + 9, ack: C + 9, flags: FIN })
  assert.deepEqual(r.out, ['request.', 'response.'])
  assert.deepEqual(Object.values(r.budget.counters).filter(Boolean), [])
})

test('out of order, then filled', () => {
  const r = opened().client({ seq: C + 4, data: 'def' }).client({ seq: C + 7, data: 'ghi', flags: FIN })
  assert.equal(r.out[0], '')
  r.client({ seq: C + 1, data: 'abc' })
  assert.equal(r.out[0], 'abcdefghi.')
  assert.equal(r.budget.heldBytes, 0)
})

test('data keeps the time of its own packet', () => {
  const r = opened().client({ seq: C + 4, data: 'late' }).client({ seq: C + 1, data: 'abc' })
  assert.deepEqual(r.log, ['5 data 0 3', '4 data 0 4'])
})

test('retransmissions: the same, a part, more than before', () => {
  const r = opened().client({ seq: C + 1, data: 'abcdef' })
  for (const o of [{ seq: C + 1, data: 'abcdef' }, { seq: C + 3, data: 'cd' }, { seq: C + 5, data: 'efgh' }, { seq: C + 1, data: 'abcdefghij' }]) r.client(o)
  assert.equal(r.out[0], 'abcdefghij')
})

test('conflicting overlap with delivered bytes: the first wins, reported', () => {
  const r = opened().client({ seq: C + 1, data: 'abcdef' }).client({ seq: C + 3, data: 'cXefg' })
  assert.equal(r.out[0], 'abcdef!overlap-conflict!g')
  assert.equal(r.budget.counters.overlapConflicts, 1)
  r.client({ seq: C + 1, data: 'abcdefg' })
  assert.equal(r.budget.counters.overlapConflicts, 1)
})

test('conflicting overlap with bytes that wait: the first wins, reported', () => {
  const r = opened().client({ seq: C + 4, data: 'def' }).client({ seq: C + 6, data: 'XYZ' })
  assert.equal(r.out[0], '!overlap-conflict!')
  r.client({ seq: C + 1, data: 'abcdeQ' })
  assert.equal(r.out[0], '!overlap-conflict!abc!overlap-conflict!defYZ')
})

test('conflicts are found behind several later segments', () => {
  const r = opened()
  for (let i = 0; i < 20; i++) r.client({ seq: C + 1 + i * 3, data: `${String.fromCharCode(97 + i)}--` })
  r.client({ seq: C + 1 + 9, data: 'd--e--' })
  assert.equal(r.budget.counters.overlapConflicts, 0)
  r.client({ seq: C + 1 + 9, data: 'd--E--' })
  assert.equal(r.budget.counters.overlapConflicts, 1)
})

test('what was delivered long ago is not compared, least of all with bytes of others', () => {
  const r = opened().client({ seq: C + 1, data: 'abcdef' })
  for (let i = 0; i < 2100; i++) opened(r.budget).client({ seq: C + 1, data: 'others' })
  r.client({ seq: C + 1, data: 'abcdef' }).client({ seq: C + 1, data: 'ABCDEF' })
  assert.equal(r.budget.counters.overlapConflicts, 0)
})

test('keep-alive probes with no byte and with a byte of junk', () => {
  const r = opened().client({ seq: C + 1, ack: S + 1, data: 'abc' }).server({ seq: S + 1, ack: C + 4 })
    .client({ seq: C + 3, ack: S + 1 }).server({ seq: S + 1, ack: C + 4 })
    .client({ seq: C + 3, ack: S + 1, data: '\0' }).server({ seq: S + 1, ack: C + 4 })
    .client({ seq: C + 4, ack: S + 1, data: 'def' })
  assert.equal(r.out[0], 'abcdef')
})

test('zero-window probes: one byte that is refused and comes again', () => {
  const r = opened().client({ seq: C + 1, data: 'abc' }).server({ seq: S + 1, ack: C + 4 })
    .client({ seq: C + 4, data: 'd' }).server({ seq: S + 1, ack: C + 4 }).client({ seq: C + 4, data: 'd' })
    .client({ seq: C + 4, data: 'def' })
  assert.equal(r.out[0], 'abcdef')
})

test('a lost segment becomes a gap when it was acknowledged and the sender has gone on', () => {
  const r = opened().client({ seq: C + 1, data: 'abc' })
    .client({ seq: C + 9, data: 'ijk' }).server({ seq: S + 1, ack: C + 12 })
  assert.equal(r.out[0], 'abc')
  r.client({ seq: C + 12, data: 'lmn' })
  assert.equal(r.out[0], 'abc<5>ijklmn')
  assert.deepEqual([r.budget.counters.gaps, r.budget.counters.bytesLost], [1, 5])
})

test('a lost request is a gap before the next one: a bare acknowledgement shows that the sender went on', () => {
  const r = opened().server({ seq: S + 1, ack: C + 8, data: 'response' }).client({ seq: C + 8, ack: S + 9 })
  assert.equal(r.out[0], '<7>')
})

test('an acknowledgement captured before the data is no loss', () => {
  const r = opened()
  for (let i = 0; i < 5; i++) {
    r.server({ seq: S + 1, ack: C + 4 + i * 3 })
    r.client({ seq: C + 1 + i * 3, data: 'abc' })
  }
  assert.equal(r.out[0], 'abcabcabcabcabc')
  r.server({ seq: S + 1, ack: C + 19 }).client({ seq: C + 1, data: 'abc' }).client({ seq: C + 15 }).client({ seq: C + 16, data: 'def' })
  assert.equal(r.out[0], 'abcabcabcabcabcdef')
})

test('a segment lost on the way waits for its retransmission', () => {
  const r = opened().client({ seq: C + 4, data: 'def' })
  for (let i = 0; i < 50; i++) r.server({ seq: S + 1, ack: C + 1 }).client({ seq: C + 7 + i, data: 'x' })
  assert.equal(r.out[0], '')
  r.client({ seq: C + 1, data: 'abc' })
  assert.equal(r.out[0], `abcdef${'x'.repeat(50)}`)
})

test('only what was acknowledged is given up', () => {
  const r = opened().client({ seq: C + 7, data: 'ghi' }).server({ seq: S + 1, ack: C + 4 }).client({ seq: C + 10, data: 'jkl' })
  assert.equal(r.out[0], '<3>')
  r.client({ seq: C + 4, data: 'def' })
  assert.equal(r.out[0], '<3>defghijkl')
})

test('a lost tail before FIN is a gap, and a FIN that was not captured is none', () => {
  const tail = opened().client({ seq: C + 1, data: 'abc' }).client({ seq: C + 9, flags: FIN }).server({ seq: S + 1, ack: C + 10 })
    .client({ seq: C + 10, ack: S + 1 })
  assert.equal(tail.out[0], 'abc<5>.')
  const fin = opened().client({ seq: C + 1, data: 'abc' }).server({ seq: S + 1, ack: C + 5, flags: FIN }).client({ seq: C + 5, ack: S + 2 }).close()
  assert.deepEqual(fin.out, ['abc.', '.'])
})

test('close() delivers what waits and reports what is missing', () => {
  const r = opened().client({ seq: C + 4, data: 'def' }).client({ seq: C + 9, data: 'ijk' }).server({ seq: S + 1, ack: C + 20 }).close()
  assert.deepEqual(r.out, ['<3>def<2>ijk<8>.', '.'])
  assert.equal(r.tcp.closed, true)
  assert.equal(r.budget.heldBytes, 0)
})

test('bytes that the snap length took are a gap straight behind what was captured', () => {
  const r = opened().client({ seq: C + 1, data: 'ab', missing: 4 }).client({ seq: C + 7, data: 'g' })
  assert.equal(r.out[0], 'ab<4>g')
  const late = opened().client({ seq: C + 7, data: 'gh', missing: 2 }).client({ seq: C + 11, data: 'k' }).client({ seq: C + 1, data: 'ab', missing: 4 })
  assert.equal(late.out[0], 'ab<4>gh<2>k')
})

test('a missing part does not hide bytes that are held', () => {
  const r = opened().client({ seq: C + 4, data: 'def' }).client({ seq: C + 1, data: 'a', missing: 8 })
  assert.equal(r.out[0], 'a<2>def<3>')
})

test('joined in the middle: the first segment is the start, later ones are put in order', () => {
  const r = new TcpRecorder().server({ seq: S, ack: C, data: 'abc' }).server({ seq: S + 6, ack: C, data: 'ghi' }).server({ seq: S + 3, ack: C, data: 'def' })
    .client({ seq: C, ack: S + 9, data: 'next' })
  assert.deepEqual(r.out, ['next', 'abcdefghi'])
  assert.equal(r.tcp.joinedLate, true)
})

test('joined at a keep-alive probe', () => {
  const bare = new TcpRecorder().client({ seq: C - 1, ack: S }).server({ seq: S, ack: C }).client({ seq: C, ack: S, data: 'abc' })
  assert.equal(bare.out[0], 'abc')
  const junk = new TcpRecorder().server({ seq: S, ack: C }).client({ seq: C - 1, ack: S, data: 'x' }).client({ seq: C, ack: S, data: 'abc' })
  assert.equal(junk.out[0], 'abc')
})

test('joined at the second packet of the handshake: nothing is missing', () => {
  const r = new TcpRecorder().server({ seq: S, ack: C + 1, flags: SYN }).client({ seq: C + 4, ack: S + 1, data: 'def' }).client({ seq: C + 1, ack: S + 1, data: 'abc' })
  assert.equal(r.out[0], 'abcdef')
  assert.equal(r.tcp.joinedLate, false)
})

test('a SYN that was captured after its answer', () => {
  const r = new TcpRecorder().server({ seq: S, ack: C + 1, flags: SYN }).client({ seq: C, flags: SYN }).client({ seq: C + 1, ack: S + 1, data: 'abc' })
  assert.deepEqual(r.out, ['abc', ''])
})

test('only one direction was captured: the other is a gap in the end, as far as it was acknowledged', () => {
  const r = new TcpRecorder().client({ seq: C, flags: SYN }).client({ seq: C + 1, ack: S + 1, data: 'abc' }).client({ seq: C + 4, ack: S + 101, data: 'def' }).close()
  assert.deepEqual(r.out, ['abcdef.', '<100>.'])
})

test('data on SYN, and again after a server that did not take it', () => {
  const r = new TcpRecorder().client({ seq: C, flags: SYN, data: 'abc' }).client({ seq: C, flags: SYN }).server({ seq: S, ack: C + 1, flags: SYN })
    .client({ seq: C + 1, ack: S + 1, data: 'abcdef' })
  assert.equal(r.out[0], 'abcdef')
})

test('a server that answers a second time with another number', () => {
  const r = new TcpRecorder().client({ seq: C, flags: SYN }).server({ seq: 5000, ack: C + 1, flags: SYN }).server({ seq: S, ack: C + 1, flags: SYN })
    .client({ seq: C + 1, ack: S + 1 }).server({ seq: 7000, ack: C + 1, flags: SYN }).server({ seq: S + 1, ack: C + 1, data: 'abc' })
  assert.equal(r.out[1], 'abc')
})

test('data after FIN is ignored, also what waited behind it', () => {
  const r = opened().client({ seq: C + 7, data: 'ghi' }).client({ seq: C + 4, data: 'def', flags: FIN }).client({ seq: C + 1, data: 'abcdefX' })
  r.client({ seq: C + 8, data: 'more' })
  assert.equal(r.out[0], 'abcdef.')
  const across = opened().client({ seq: C + 4, data: 'defghi' }).client({ seq: C + 20, data: 'z' }).client({ seq: C + 7, flags: FIN }).client({ seq: C + 1, data: 'abc' })
  assert.equal(across.out[0], 'abcdef.')
  assert.equal(r.budget.heldBytes + across.budget.heldBytes, 0)
})

test('RST in the window ends both, after what waits; elsewhere it is ignored', () => {
  const r = opened().client({ seq: C + 1, data: 'abc' }).server({ seq: S + 1, ack: C + 4 })
  r.client({ seq: C + 4 + 50_000_000, flags: RST }).client({ seq: C + 1, flags: RST })
  assert.deepEqual(r.out, ['abc', ''])
  r.server({ seq: S + 4, data: 'xyz' }).client({ seq: C + 4, flags: RST })
  assert.deepEqual(r.out, ['abc!reset!.', '<3>xyz.'])
  assert.equal(r.tcp.closed, true)
  r.server({ seq: S + 7, data: 'more' }).client({ seq: C + 4, flags: RST })
  assert.deepEqual(r.out, ['abc!reset!.', '<3>xyz.'])
})

test('a connection that was refused', () => {
  const r = new TcpRecorder().client({ seq: C, flags: SYN }).server({ seq: 0, ack: C + 50_000_000, flags: RST })
  assert.equal(r.tcp.closed, false)
  r.server({ seq: 0, ack: C + 1, flags: RST })
  assert.equal(r.tcp.closed, true)
  assert.deepEqual(r.out, ['.', '!reset!.'])
})

test('too much behind a hole: the bound is reported, the hole becomes a gap', () => {
  const r = opened(new ReassemblyBudget({ streamSegments: 10 }))
  for (let i = 0; i < 11; i++) r.client({ seq: C + 4 + i * 2, data: 'xy' })
  assert.equal(r.out[0], `!buffer-limit!<3>${'xy'.repeat(11)}`)
  assert.equal(r.budget.counters.bufferLimits, 1)
  assert.equal(r.budget.heldBytes, 0)

  const bytes = opened(new ReassemblyBudget({ streamBytes: 10_000 }))
  for (let i = 0; i < 10; i++) bytes.client({ seq: C + 4 + i * 2000, data: new Uint8Array(2000).fill(120) })
  assert.equal(bytes.out[0], `!buffer-limit!<3>${'x'.repeat(20_000)}`)
})

test('too much behind the holes of all: the one that waits longest gives up', () => {
  const budget = new ReassemblyBudget({ totalBytes: 10_000 })
  const all = Array.from({ length: 12 }, () => opened(budget))
  for (const r of all) r.client({ seq: C + 4, data: new Uint8Array(1000).fill(120) })
  assert.deepEqual(all.map((r) => r.out[0].length > 0), all.map((_, i) => i < 5))
  assert.equal(all[0]!.out[0], `!total-limit!<3>${'x'.repeat(1000)}`)
  assert.ok(budget.heldBytes <= 10_000)
  for (const r of all) r.close()
  assert.equal(budget.heldBytes, 0)
  assert.equal(budget.oldest, undefined)
})

test('a stray segment far away is ignored, many of them move the stream', () => {
  const r = opened().client({ seq: C + 1, data: 'abc' }).client({ seq: C + 500_000_000, data: 'junk' }).client({ seq: C + 4, data: 'def' })
  assert.equal(r.out[0], 'abcdef')
  for (let i = 0; i < 40; i++) r.client({ seq: C + 500_000_000 + i, data: 'x' })
  assert.equal(r.out[0], `abcdef<${500_000_000 + 31 - 7}>${'x'.repeat(9)}`)
  const moved = opened().client({ seq: C + 100, flags: FIN })
  for (let i = 0; i < 40; i++) moved.client({ seq: C + 500_000_000 + i, data: 'x' })
  assert.equal(moved.out[0], `<${500_000_000 + 31 - 1}>${'x'.repeat(9)}`)
})

test('when the same addresses and ports begin anew', () => {
  const syn = segment({ seq: 900, flags: SYN })
  const again = segment({ seq: C, flags: SYN })
  const attempt = new TcpRecorder().client({ seq: C, flags: SYN })
  assert.equal(attempt.tcp.isReusedBy(again, CLIENT), false)
  assert.equal(attempt.tcp.isReusedBy(syn, CLIENT), true)
  assert.equal(attempt.tcp.isReusedBy(segment({ seq: S, ack: C + 1, flags: SYN }), SERVER), false)

  const open = opened()
  assert.equal(open.tcp.isReusedBy(again, CLIENT), false)
  assert.equal(open.tcp.isReusedBy(segment({ seq: C + 1000, flags: SYN }), CLIENT), false)
  assert.equal(open.tcp.isReusedBy(segment({ seq: C + 20_000_000, flags: SYN }), CLIENT), true)
  assert.equal(open.tcp.isReusedBy(segment({ seq: S, ack: C + 1, flags: SYN }), SERVER), false)
  assert.equal(open.tcp.isReusedBy(segment({ seq: 900, flags: ACK }), CLIENT), false)
  assert.equal(open.tcp.isReusedBy(segment({ seq: 900, flags: SYN | RST }), CLIENT), false)

  open.client({ seq: C + 1, flags: RST })
  assert.equal(open.tcp.isReusedBy(again, CLIENT), false)
  assert.equal(open.tcp.isReusedBy(segment({ seq: C + 1000, flags: SYN }), CLIENT), true)
  assert.equal(open.tcp.isReusedBy(segment({ seq: 900, flags: SYN }), SERVER), true)
})

test('a SYN in the window of a live connection is ignored', () => {
  const r = opened().client({ seq: C + 1, data: 'abc' }).client({ seq: C + 100, flags: SYN, data: 'evil' }).client({ seq: C + 4, data: 'def' })
  assert.equal(r.out[0], 'abcdef')
})

test('who sent the first packet', () => {
  const packet = segment({ seq: 1, flags: SYN })
  packet.srcPort = 80
  packet.dstPort = 40000
  assert.equal(senderOfFirst(packet), CLIENT)
  packet.flags = SYN | ACK
  assert.equal(senderOfFirst(packet), SERVER)
  packet.flags = ACK
  assert.equal(senderOfFirst(packet), SERVER)
  assert.equal(senderOfFirst(packet, (port) => port === 40000), CLIENT)
  assert.equal(senderOfFirst(packet, () => true), SERVER)
  packet.dstPort = 80
  assert.equal(senderOfFirst(packet), CLIENT)
})

test('a segment half of all sequence numbers away belongs to no stream, and nothing waits for it', () => {
  const recorder = new TcpRecorder().server({ seq: 500, ack: 1000, data: 'x' }).client({ seq: 1000 + 2 ** 31, data: 'y' }).client({ seq: 1001, data: 'abc' }).close()
  assert.deepEqual(recorder.out, ['y.', 'x.'])
})
