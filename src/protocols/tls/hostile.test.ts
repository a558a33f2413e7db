import assert from 'node:assert/strict'
import test from 'node:test'
import fc from '#property'
import { CLIENT, SERVER } from '../../model/side.ts'
import { Listener } from '../contract.fixture.ts'
import type { Said, Step } from '../contract.fixture.ts'
import { MAX_ALERTS, MAX_FLIGHT_RECORDS, MAX_NOTES } from './limits.ts'
import { makePki } from './pki.fixture.ts'
import { record } from './recording.fixture.ts'
import { tls } from './tls.ts'
import { DEFAULT_SETTINGS } from '../protocol.ts'

const pki = await makePki()
const plain = { ...pki.server, ca: pki.ca, requestCert: true }
const both = { ca: pki.ca, ...pki.client }
const originals = [(await record(plain, both)).steps, (await record({ ...plain, maxVersion: 'TLSv1.2' }, both)).steps]

/** What a mangler does to one step. */
type Change =
  | { kind: 'bytes' | 'insert', where: number, bytes: Uint8Array }
  | { kind: 'remove', where: number, count: number }
  | { kind: 'drop' | 'twice' | 'other side' }

const change: fc.Arbitrary<Change> = fc.oneof(
  fc.record({ kind: fc.constant('bytes' as const), where: fc.nat(), bytes: fc.uint8Array({ minLength: 1, maxLength: 8 }) }),
  fc.record({ kind: fc.constant('insert' as const), where: fc.nat(), bytes: fc.uint8Array({ minLength: 1, maxLength: 40 }) }),
  fc.record({ kind: fc.constant('remove' as const), where: fc.nat(), count: fc.integer({ min: 1, max: 60 }) }),
  fc.record({ kind: fc.constantFrom('drop' as const, 'twice' as const, 'other side' as const) }),
)

/** A length of a record or message that claims something else is worth more tries than any other byte. */
const lengthChange: fc.Arbitrary<Change> = fc.record({ kind: fc.constant('bytes' as const), where: fc.constantFrom(3, 4, 6, 7, 8, 43, 44, 45), bytes: fc.uint8Array({ minLength: 1, maxLength: 2 }) })

function mangle(steps: readonly Step[], changes: readonly (readonly [number, Change])[]): Step[] {
  const result = [...steps]
  for (const [which, what] of changes) {
    if (result.length === 0) break
    const index = which % result.length
    const step = result[index]!
    const bytes = Buffer.from(step.bytes)
    if (what.kind === 'bytes' || what.kind === 'insert' || what.kind === 'remove') {
      const at = what.where % (bytes.length + 1)
      const put = what.kind === 'remove' ? Buffer.alloc(0) : what.bytes
      const gone = what.kind === 'insert' ? 0 : what.kind === 'remove' ? what.count : put.length
      result[index] = { ...step, bytes: Buffer.concat([bytes.subarray(0, at), put, bytes.subarray(at + gone)]) }
    } else if (what.kind === 'drop') result.splice(index, 1)
    else if (what.kind === 'twice') result.splice(index, 0, step)
    else result[index] = { ...step, side: step.side === CLIENT ? SERVER : CLIENT }
  }
  return result
}

interface Facts { alerts?: unknown[], clientFlight?: { recordSizes: number[] }, serverFlight?: { recordSizes: number[] } }

function assertSound(said: Said): void {
  for (const message of said.messages) {
    const { request, response, notes, complete, what } = message as { request?: Facts, response?: Facts, notes: string[], complete: boolean, what: string }
    assert.ok(request !== undefined || response !== undefined, `${what} says nothing`)
    assert.ok(complete || notes.length > 0, `${what} is incomplete without a note`)
    assert.ok(notes.length <= MAX_NOTES + 4)
    for (const half of [request, response]) {
      assert.ok((half?.alerts?.length ?? 0) <= MAX_ALERTS)
      assert.ok(((half?.clientFlight ?? half?.serverFlight)?.recordSizes.length ?? 0) <= MAX_FLIGHT_RECORDS)
    }
  }
  const kinds = said.messages.map((m) => ((m['request'] ?? m['response']) as { kind: string }).kind)
  assert.ok(kinds.filter((kind) => kind === 'handshake').length <= 1)
  assert.equal(kinds.filter((kind) => kind === 'closed').length, said.disowned ? 0 : 1)
}

test('mangled handshakes never throw, and what is said of them is sound', () => {
  const changes = fc.array(fc.tuple(fc.nat(20), fc.oneof(change, lengthChange)), { minLength: 1, maxLength: 6 })
  fc.assert(fc.property(fc.constantFrom(...originals), changes, fc.nat(3), (steps, list, gapAt) => {
    const listener = new Listener(tls, { ...DEFAULT_SETTINGS, bodyLimitBytes: 0, ciphertextTurns: true })
    for (const [i, step] of mangle(steps, list).entries()) {
      if (i === gapAt + 3) listener.gap(step.side, 1 + list.length * 37, step.at)
      listener.data(step.side, step.bytes, step.at)
    }
    assertSound(listener.end(1e6))
  }), { numRuns: 1500 })
})
