import assert from 'node:assert/strict'
import { mkdtempSync, mkdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { planSources, watchSources } from './live-sources.ts'
import type { TapFlags } from './tap.ts'

const FLAGS: TapFlags = { procfs: '/proc', bodyLimit: 0 }

test('an option that names nothing is refused: it would capture nothing, for ever', () => {
  for (const flags of [{ interface: [] }, { netns: [] }, { pid: [] }]) {
    assert.throws(() => planSources({ ...FLAGS, ...flags }), { code: 'usage', message: /names nothing/ })
  }
})

function folderWith(t: TestContext, names: string[]): string {
  const folder = mkdtempSync(join(tmpdir(), 'mtlscope-sources-'))
  t.after(() => rmSync(folder, { recursive: true }))
  for (const name of names) mkdirSync(join(folder, name))
  return folder
}

test('what was named and is gone is told once', (t) => {
  const procfs = folderWith(t, ['7', '8'])
  const told: string[] = []
  const watch = watchSources({ ...FLAGS, procfs, pid: ['7', '8'] }, (text) => told.push(text))
  watch()
  assert.deepEqual(told, [])
  rmSync(join(procfs, '8'), { recursive: true })
  watch()
  watch()
  assert.deepEqual(told, ['pid 8 has ended; its namespace stays captured while others live in it'])
})

test('an interface that goes is told; one that was never seen here may be elsewhere', (t) => {
  const folder = folderWith(t, ['lo', 'veth0'])
  const told: string[] = []
  const watch = watchSources({ ...FLAGS, interface: ['any', 'lo', 'veth0', 'eth9'] }, (text) => told.push(text), folder)
  rmSync(join(folder, 'veth0'), { recursive: true })
  watch()
  assert.deepEqual(told, ['interface veth0 is gone: no more packets come from it'])
})
