// What rows of requests say of the wire, of requests whose truth is known.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from '#property'
import type { JsonRecord } from '../model/api.ts'
import type { HopMessage } from '../mesh/joined-request.ts'
import type { ModelSettings, Told } from '../mesh/mesh-model.fixture.ts'
import { runMesh } from '../mesh/mesh-model.fixture.ts'
import type { StoredRow } from '../store/store.ts'
import { jsonLine } from '../tap/json-line.ts'
import { RequestJoiner } from './request-joiner.ts'

const TLS: ReadonlySet<string> = new Set(['mtls-seen', 'mtls-inferred', 'tls-one-way', 'tls'])
const TICK_MICROS = 100_000

const SETTINGS: fc.Arbitrary<ModelSettings> = fc.record({
  seed: fc.integer(), requests: fc.integer({ min: 1, max: 60 }), gapMicros: fc.constantFrom(500, 5000, 50_000), maxLagMicros: fc.constantFrom(0, 200_000, 4_000_000),
  lossPercent: fc.constantFrom(0, 3), isPartial: fc.boolean(), mixedPercent: fc.constantFrom(0, 30, 100), ownTlsPercent: fc.constantFrom(0, 20), oldPercent: fc.constantFrom(0, 10),
  unchangedPercent: fc.constantFrom(10, 60), paths: fc.constantFrom(3, 40),
})

function recordOf({ flow, message }: HopMessage): JsonRecord {
  return JSON.parse(jsonLine(flow, message)) as JsonRecord
}

function rowOf(id: number, { flow, message }: HopMessage): StoredRow {
  const { id: flowId, client, server, capture, hop, namespace, interface: name } = flow
  const bytes = (half: object | undefined): number | undefined => (half as { bodyBytes?: number } | undefined)?.bodyBytes
  return {
    id, flow: 1, flowId, client, server, capture, hop, namespace, interface: name, protocol: message.protocol, atMicros: message.atMicros, elapsedMicros: message.elapsedMicros,
    what: message.what, status: message.status, outcome: message.outcome, requestBytes: bytes(message.request), responseBytes: bytes(message.response), complete: message.complete, notes: 0,
  } as unknown as StoredRow
}

/** What becomes of each row: where it went, and which are hops of others. Time is what the captures tell. */
class Rows {
  readonly told = new Map<number, Told>()
  readonly verdicts = new Map<number, string[]>()
  readonly further = new Map<number, number>()
  readonly #joiner = new RequestJoiner()

  add(told: Told): void {
    const { message } = told.seen
    if (message.what === 'ciphertext') return this.#joiner.addTurn(recordOf(told.seen))
    const id = this.told.size + 1
    this.told.set(id, told)
    this.#joiner.add([rowOf(id, told.seen)], new Map(message.protocol === 'tls' ? [[id, recordOf(told.seen)]] : []))
  }

  advance(nowMicros: number): void {
    const { ways, further } = this.#joiner.advance(nowMicros, this.told.size)
    for (const { id, way } of ways) this.verdicts.set(id, [...this.verdicts.get(id) ?? [], way.verdict])
    for (const id of further) this.further.set(id, (this.further.get(id) ?? 0) + 1)
  }
}

test('no row of a request that went over a wire in plaintext has a lock, and each row stands for one request or is a hop of one', () => {
  fc.assert(fc.property(SETTINGS, (settings) => {
    const run = runMesh(settings)
    const rows = new Rows()
    let tickMicros = run.told[0]?.arrivesMicros ?? 0
    for (const told of run.told) {
      for (; told.arrivesMicros >= tickMicros + TICK_MICROS; tickMicros += TICK_MICROS) rows.advance(run.readTo(tickMicros))
      rows.add(told)
    }
    for (const end = tickMicros + 10_000_000; tickMicros < end; tickMicros += TICK_MICROS) rows.advance(run.readTo(tickMicros))
    for (const [id, told] of rows.told) {
      const verdicts = rows.verdicts.get(id) ?? []
      assert.ok(told.request?.truth !== 'plaintext' || !verdicts.some((verdict) => TLS.has(verdict)), `${told.seen.message.what} at ${told.seen.message.atMicros} in ${told.seen.flow.namespace}: ${verdicts}`)
      assert.ok(verdicts.length <= 1 || verdicts.every((verdict) => verdict === 'plaintext'), 'it stands for one')
      assert.ok((rows.further.get(id) ?? 0) <= 1 && (verdicts.length === 0 || !rows.further.has(id)), 'it stands for a request or is a hop of another')
    }
  }), { numRuns: 20 })
})
