import assert from 'node:assert/strict'
import { test } from 'node:test'
import { limitGroups } from '../../scripts/limits-page.ts'

test('the page of each protocol says what happens at each of its limits', async () => {
  const groups = await limitGroups()
  assert.ok(groups.length > 10)
  const silent = groups.filter(({ page }) => page !== undefined).flatMap(({ page, limits }) => limits.filter(({ consequence }) => consequence === undefined).map(({ name }) => `${page}: ${name}`))
  assert.deepEqual(silent, [])
})

test('every limit is a positive number with a comment', async () => {
  for (const { file, limits } of await limitGroups()) {
    for (const { name, value, what } of limits) assert.ok(value > 0 && what.trim() !== '', `${file}: ${name}`)
  }
})
