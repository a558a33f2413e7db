import assert from 'node:assert/strict'
import test from 'node:test'
import { planRing } from './ring-plan.ts'

const MIB = 2 ** 20

function sizesOf(namespaces: number, expected: (open: number) => number): number[] {
  const sizes: number[] = []
  for (let open = 0; open < namespaces; open++) {
    const { blockSizeBytes, blockCount } = planRing(sizes.reduce((sum, size) => sum + size, 0), expected(open), open)
    assert.ok(blockCount >= 4 && blockSizeBytes >= 256 * 1024)
    sizes.push(blockSizeBytes * blockCount)
  }
  return sizes
}

test('few namespaces have large rings, many that are expected have equal ones', () => {
  assert.deepEqual(sizesOf(1, () => 1), [64 * MIB])
  assert.deepEqual(sizesOf(4, (open) => open + 1).map((size) => size / MIB), [64, 48, 36, 27])
  const thirty = sizesOf(30, () => 30)
  assert.ok(Math.min(...thirty) >= 7 * MIB && Math.max(...thirty) <= 8 * MIB, String(thirty))
})

test('all rings together are bounded, however the namespaces come', () => {
  for (const expected of [(): number => 200, (open: number): number => open + 1, (open: number): number => Math.max(40, open + 1)]) {
    const total = sizesOf(200, expected).reduce((sum, size) => sum + size, 0)
    assert.ok(total <= (256 + 200) * MIB, `${total / MIB} MiB`)
  }
})

test('the kernel is asked to look after many rings less often', () => {
  assert.deepEqual([1, 30, 200].map((expected) => planRing(0, expected, 0).retireMs), [20, 50, 100])
})
