import assert from 'node:assert/strict'
import { test } from 'node:test'
import { emptyHealth } from '../model/health.ts'
import { healthLines, sizeText } from './health-text.ts'

test('a clean run is one line', () => {
  const health = { ...emptyHealth(), packets: 1482, flows: 1 }
  assert.deepEqual(healthLines(health, { messages: 3, framesWritten: 0 }), ['1 482 packets · 0 dropped · 3 messages · 1 connection'])
})

test('each trouble has its sentence', () => {
  const health = { ...emptyHealth(), droppedByKernel: 2, gaps: 1, bytesLost: 1448, refused: [{ name: 'envoy pid 7', why: 'EPERM' }], limits: { 'buffer-limit': 1 } }
  const lines = healthLines(health, { messages: 0, framesWritten: 0 }).join('\n')
  for (const part of ['dropped 2 packets', '1.4 kB of stream never captured, in 1 gap', 'not entered: envoy pid 7: EPERM', 'buffer-limit']) {
    assert.ok(lines.includes(part), part)
  }
})

test('sizes in powers of 1000', () => {
  assert.deepEqual([0, 999, 1000, 1_234_567, 999_999, 5e12].map(sizeText), ['0 B', '999 B', '1.0 kB', '1.2 MB', '1.0 MB', '5.0 TB'])
})
