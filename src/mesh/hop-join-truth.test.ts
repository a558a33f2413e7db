// What is said of requests whose truth is known: never a lock for what went over a wire in plaintext.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from '#property'
import { HopJoin } from './hop-join.ts'
import type { JoinedRequest } from './joined-request.ts'
import type { MeshRun, ModelSettings, Told } from './mesh-model.fixture.ts'
import { ToldIndex, runMesh } from './mesh-model.fixture.ts'

const TLS: ReadonlySet<string> = new Set(['mtls-seen', 'mtls-inferred', 'tls-one-way', 'tls'])
/** Whoever is captured wholly, and speaks TLS where it can: what joining is measured by. */
const CALM = { requests: 120, gapMicros: 5000, maxLagMicros: 200_000, lossPercent: 0, isPartial: false, mixedPercent: 0, ownTlsPercent: 0, oldPercent: 0, unchangedPercent: 10, paths: 400 }

const SETTINGS: fc.Arbitrary<ModelSettings> = fc.record({
  seed: fc.integer(), requests: fc.integer({ min: 1, max: 60 }), gapMicros: fc.constantFrom(500, 5000, 50_000), maxLagMicros: fc.constantFrom(0, 200_000, 4_000_000),
  lossPercent: fc.constantFrom(0, 3), isPartial: fc.boolean(), mixedPercent: fc.constantFrom(0, 30, 100), ownTlsPercent: fc.constantFrom(0, 20), oldPercent: fc.constantFrom(0, 10),
  unchangedPercent: fc.constantFrom(10, 60), paths: fc.constantFrom(3, 40),
})

function joinedOf(run: MeshRun, isTimeTold: boolean): JoinedRequest[] {
  const requests: JoinedRequest[] = []
  const join = new HopJoin((request) => requests.push(request), { isTimeTold })
  for (const { name, ip } of run.places) join.setPlace(name, [ip])
  let nowMicros = 0
  for (const { seen, arrivesMicros } of run.told) {
    if (isTimeTold && arrivesMicros > nowMicros) join.advance(run.readTo(arrivesMicros - 1))
    nowMicros = arrivesMicros
    join.add(seen)
  }
  join.end()
  return requests
}

function hopsOf({ hops, message }: JoinedRequest, index: ToldIndex): Told[] {
  return hops.flatMap((hop) => hop.kind === 'tls' ? [] : hop.flows.map((flow, at) => {
    const told = index.find(hop.seenIn[at], flow, message.what, hop.atMicros)
    assert.ok(told !== undefined, `${message.what} of ${flow} was never said`)
    return told
  }))
}

test('however captures lag behind each other, no request that went over a wire in plaintext is said to have crossed TLS, and each is told once', () => {
  fc.assert(fc.property(SETTINGS, fc.boolean(), (settings, isTimeTold) => {
    const run = runMesh(settings)
    const index = new ToldIndex(run.told)
    const readWithout = new Set<Told>()
    const count = new Map<Told, number>()
    for (const request of joinedOf(run, isTimeTold)) {
      const hops = hopsOf(request, index)
      for (const { request: one } of hops) assert.ok(!TLS.has(request.verdict) || one!.truth !== 'plaintext', `${request.verdict}: ${JSON.stringify(request.hops)}`)
      // What was told alone is told once more with a hop in the clear that came too late.
      const isLate = hops.some((told) => readWithout.has(told))
      if (hops.every(({ seen }) => seen.flow.hop === 'wire')) for (const told of hops) readWithout.add(told)
      assert.ok(!isLate || request.verdict === 'plaintext')
      for (const told of hops) if (!isLate || told.seen.flow.hop === 'clear') count.set(told, (count.get(told) ?? 0) + 1)
    }
    for (const told of run.told) if (told.request !== undefined) assert.ok((count.get(told) ?? 0) === 1 || told.seen.flow.hop === 'wire', `${told.seen.message.what} was told ${count.get(told) ?? 0} times`)
  }), { numRuns: 40 })
})

test('with captures that lag by up to 200 ms, of a hundred requests over TLS 99 keep their lock, and no client is said to have shown a certificate that had none', () => {
  let overTls = 0
  let locked = 0
  for (let seed = 1; seed <= 10; seed++) {
    const run = runMesh({ ...CALM, seed })
    const index = new ToldIndex(run.told)
    for (const request of joinedOf(run, true)) {
      const truths = new Set(hopsOf(request, index).map((told) => told.request!.truth))
      if (truths.has('plaintext')) continue
      overTls++
      if (TLS.has(request.verdict)) locked++
      assert.ok(!request.verdict.startsWith('mtls') || !truths.has('one-way'))
    }
  }
  assert.ok(locked >= overTls * 0.99 && overTls > 500, `${locked} of ${overTls}`)
})
