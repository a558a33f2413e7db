import assert from 'node:assert/strict'
import { test } from 'node:test'
import { lifeText } from './ca-show.ts'

test('a lifetime is written as --ttl takes it', () => {
  assert.deepEqual([90, 60, 5400, 3600, 86_400, 7 * 86_400, 36 * 3600].map(lifeText), ['90s', '1m', '90m', '1h', '24h', '7d', '36h'])
})
