import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { withFileLock } from './file-lock.ts'

function lockPath(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'mtlscope-lock-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  return join(folder, 'lock')
}

test('one at a time within a process, too', async (t) => {
  const path = lockPath(t)
  let [inside, most, done] = [0, 0, 0]
  await Promise.all(Array.from({ length: 5 }, () => withFileLock(path, async () => {
    most = Math.max(most, ++inside)
    await sleep(5)
    inside--
    done++
  })))
  assert.deepEqual([most, done], [1, 5])
})

test('a lock that is held is waited for so long, then told', async (t) => {
  const path = lockPath(t)
  await withFileLock(path, async () => {
    await assert.rejects(withFileLock(path, async () => {}, 50), { code: 'ca-busy' })
  })
  assert.equal(await withFileLock(path, async () => 7, 50), 7)
})

test('what fails within frees the lock', async (t) => {
  const path = lockPath(t)
  await assert.rejects(withFileLock(path, () => Promise.reject(new Error('no'))), /no/)
  assert.equal(await withFileLock(path, async () => 7, 50), 7)
})

test('a process that is killed leaves no lock behind', async (t) => {
  const path = lockPath(t)
  const script = `import { withFileLock } from ${JSON.stringify(new URL('./file-lock.ts', import.meta.url).href)}
await withFileLock(${JSON.stringify(path)}, () => { console.log('held'); return new Promise((resolve) => { globalThis.later = resolve; setInterval(() => {}, 1000) }) })`
  // Who can still resolve it is kept, or the garbage collector takes the promise, and with it the open file.
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] })
  t.after(() => child.kill('SIGKILL'))
  await once(child.stdout, 'data')
  await assert.rejects(withFileLock(path, async () => {}, 50), { code: 'ca-busy' })
  child.kill('SIGKILL')
  await once(child, 'exit')
  assert.equal(await withFileLock(path, async () => 7), 7)
})
