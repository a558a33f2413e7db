import assert from 'node:assert/strict'
import test from 'node:test'
import fc from '#property'
import { MemoryPart } from './memory-part.fixture.ts'
import { MergedSearch, SearchForgotten } from './merged-search.ts'
import { globalId } from './message-id.ts'

interface Shown { readonly search: MergedSearch, readonly known: Map<number, string> }

/** What a page shows is what every other page shows there. */
async function look({ search, known }: Shown, offset: number | undefined, limit: number): Promise<{ start: number, end: number, offset: number, whats: string[] }> {
  const { page, rows } = await search.page({ ...(offset !== undefined && { offset }), limit, waitMs: 0 })
  const whats = rows.map(({ row }) => row.what)
  for (const [n, what] of whats.entries()) {
    const position = page.offset + n
    assert.equal(known.get(position) ?? what, what, `position ${position}`)
    known.set(position, what)
  }
  assert.equal(whats.length, Math.min(limit, page.end - page.offset))
  return { ...page, whats }
}

/** All of it once, each store in its own order. */
function assertWhole(shown: Shown, parts: readonly MemoryPart[], from: number, to: number): void {
  const all = Array.from({ length: to - from }, (_, n) => shown.known.get(from + n)!)
  assert.equal(new Set(all).size, all.length)
  for (const part of parts) {
    const own = all.filter((what) => what.startsWith(`${part.slot}/`)).map((what) => Number(what.split('/')[1]))
    assert.deepEqual(own, own.toSorted((a, b) => a - b))
    assert.equal(own.length, part.rows.length - part.gone)
  }
}

async function walk(shown: Shown, limit: number): Promise<{ start: number, end: number }> {
  const { start, end } = await look(shown, undefined, 1)
  for (let at = start; at < end; at += limit) await look(shown, at, limit)
  return { start, end }
}

const step = fc.oneof(
  fc.record({ kind: fc.constant('say' as const), part: fc.nat(4), count: fc.integer({ min: 1, max: 300 }), lateMicros: fc.nat(5000) }),
  fc.record({ kind: fc.constant('look' as const), share: fc.double({ min: 0, max: 1, noNaN: true }), limit: fc.integer({ min: 1, max: 200 }) }),
  fc.record({ kind: fc.constant('tail' as const), limit: fc.integer({ min: 1, max: 200 }) }),
  fc.record({ kind: fc.constant('near' as const), part: fc.nat(4), share: fc.double({ min: 0, max: 0.999, noNaN: true }) }),
)

test('places in the merged order never change, whatever is asked and comes meanwhile, and nothing is missing or twice', async () => {
  await fc.assert(fc.asyncProperty(fc.array(fc.nat(3000), { minLength: 1, maxLength: 4 }), fc.boolean(), fc.array(step, { maxLength: 25 }), async (sizes, isOrdered, steps) => {
    const parts = sizes.map((_, n) => new MemoryPart(n + 1))
    let now = 1_000_000
    const say = (part: MemoryPart, count: number, lateMicros: number): void => {
      for (let n = 0; n < count; n++) part.say((now += 10) - (isOrdered ? 0 : (n * 7919) % (lateMicros + 1)))
    }
    for (const [n, size] of sizes.entries()) {
      now = 1_000_000
      say(parts[n]!, size, 3000)
    }
    const shown = { search: new MergedSearch(parts, {}), known: new Map<number, string>() }
    await look(shown, undefined, 50)
    for (const one of steps) {
      const part = 'part' in one ? parts[one.part % parts.length]! : undefined
      if (one.kind === 'say') say(part!, one.count, one.lateMicros)
      else if (one.kind === 'tail') await look(shown, undefined, one.limit)
      else if (one.kind === 'look') {
        const { start, end } = await look(shown, undefined, 1)
        await look(shown, start + Math.floor((end - start) * one.share), one.limit)
      } else if (part!.rows.length > 0) {
        const row = part!.rows[Math.floor(part!.rows.length * one.share)]!
        const { page, rows } = await shown.search.page({ near: globalId(part!.slot, row.id), limit: 20, waitMs: 0 })
        for (const [n, { row: { what } }] of rows.entries()) assert.equal(shown.known.get(page.offset + n) ?? what, what)
        for (const [n, { row: { what } }] of rows.entries()) shown.known.set(page.offset + n, what)
        if (isOrdered) assert.equal(rows[page.nearPosition! - page.offset]?.row.what, row.what)
      }
    }
    const { start, end } = await walk(shown, 137)
    assertWhole(shown, parts, start, end)
  }), { numRuns: 10 })
})

test('what was there is in the order of time', async () => {
  const parts = [new MemoryPart(1), new MemoryPart(2), new MemoryPart(3)]
  for (let n = 0; n < 30_000; n++) parts[(n * n) % 3]!.say(1_000_000 + n)
  const search = new MergedSearch(parts, {})
  for (const offset of [-30_000, -17_003, -9000, -200]) {
    const { page, rows } = await search.page({ offset, limit: 200, waitMs: 0 })
    assert.equal(page.offset, offset)
    assert.deepEqual(rows.map(({ row }) => row.atMicros), Array.from({ length: 200 }, (_, n) => 1_030_000 + offset + n))
  }
  assert.ok(parts[0]!.asked < 60, `asked ${parts[0]!.asked} times`)
})

test('while some search, the order begins where all have searched, and grows downwards', async () => {
  const parts = [new MemoryPart(1), new MemoryPart(2)]
  for (let n = 0; n < 2000; n++) parts[n % 2]!.say(1_000_000 + n)
  parts[1]!.searchedFrom = 900
  const shown = { search: new MergedSearch(parts, {}), known: new Map<number, string>() }
  const first = await walk(shown, 50)
  assert.deepEqual(first, { start: -199, end: 0 })
  parts[1]!.searchedFrom = 0
  const whole = await walk(shown, 50)
  assert.deepEqual(whole, { start: -2000, end: 0 })
  assertWhole(shown, parts, whole.start, whole.end)
})

test('what the oldest of one store makes room for goes from the beginning, under nobody\'s eyes', async () => {
  const parts = [new MemoryPart(1), new MemoryPart(2)]
  for (let n = 0; n < 4000; n++) parts[n % 2]!.say(1_000_000 + n)
  const shown = { search: new MergedSearch(parts, {}), known: new Map<number, string>() }
  const before = await look(shown, undefined, 100)
  parts[0]!.gone = 500
  const after = await look(shown, undefined, 100)
  assert.deepEqual([after.start, after.end, after.whats], [before.start + 500, before.end, before.whats])
  const whole = { search: shown.search, known: new Map<number, string>() }
  await walk(whole, 100)
  assertWhole(whole, parts, after.start, after.end)
  parts[1]!.gone = 1990
  await assert.rejects(shown.search.page({ limit: 1, waitMs: 0 }), SearchForgotten)
})

test('a store that forgot its search, or answers nonsense, ends the order', async () => {
  const parts = [new MemoryPart(1), new MemoryPart(2)]
  for (let n = 0; n < 100; n++) parts[n % 2]!.say(n)
  const forgotten = new MergedSearch(parts, {})
  await forgotten.page({ limit: 5, waitMs: 0 })
  parts[1]!.search = 2
  await assert.rejects(forgotten.page({ limit: 5, waitMs: 0 }), SearchForgotten)
  const nonsense = new MergedSearch(parts, {})
  parts[0]!.gone = 200
  await assert.rejects(nonsense.page({ limit: 5, waitMs: 0 }), /node-1: its answer contradicts itself/)
})

test('what is new: the newest of it, and how much was left out', async () => {
  const parts = [new MemoryPart(1), new MemoryPart(2)]
  for (let n = 0; n < 100; n++) parts[n % 2]!.say(1000 + n)
  const search = new MergedSearch(parts, {})
  await search.page({ limit: 5, waitMs: 0 })
  const none = await search.newer([50, 50], 10)
  assert.deepEqual([none.rows.length, none.news.skipped, none.news.end], [0, 0, 0])
  for (let n = 0; n < 30; n++) parts[n % 2]!.say(2000 + n)
  const { news, rows } = await search.newer([50, 50], 10)
  assert.deepEqual([news.skipped, news.lastIds, news.end], [20, [65, 65], 30])
  assert.deepEqual(rows.map(({ row }) => row.atMicros), Array.from({ length: 10 }, (_, n) => 2020 + n))
  const { page, rows: same } = await search.page({ limit: 10, waitMs: 0 })
  assert.deepEqual([page.end, same.map(({ row }) => row.what)], [30, rows.map(({ row }) => row.what)])
})
