import assert from 'node:assert/strict'
import { test } from 'node:test'
import { emptyHealth } from '../model/health.ts'
import type { Health } from '../model/health.ts'
import { ViewerLines } from './viewer-lines.ts'

test('whole lines are handed on, however they are cut, and health and how far all was read apart from them', () => {
  const said = Buffer.from(`{"a":1}\n{"b":"ü"}\n${JSON.stringify({ health: { ...emptyHealth(), packets: 7 } })}\n{"c":3}\n{"read":1700000000000000}\n{"cut`)
  for (let size = 1; size <= said.length; size++) {
    let text = ''
    let count = 0
    const health: Health[] = []
    const read: string[] = []
    const lines = new ViewerLines({ lines: (bytes, n) => { text += Buffer.from(bytes).toString(); count += n }, health: (one) => health.push(one), read: (toMicros) => read.push(`${toMicros} after ${count}`) })
    for (let at = 0; at < said.length; at += size) lines.take(said.subarray(at, at + size))
    assert.equal(text, '{"a":1}\n{"b":"ü"}\n{"c":3}\n')
    assert.equal(count, 3)
    assert.deepEqual(read, ['1700000000000000 after 3'])
    assert.deepEqual(health.map(({ packets }) => packets), [7])
  }
})
