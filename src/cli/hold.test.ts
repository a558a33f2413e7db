import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import test from 'node:test'
import { fileURLToPath } from 'node:url'

test('hold ends with its standard input', async (t) => {
  const child = spawn(process.execPath, [fileURLToPath(new URL('main.ts', import.meta.url)), 'hold'], { stdio: ['pipe', 'pipe', 'inherit'] })
  t.after(() => child.kill('SIGKILL'))
  const closed = once(child, 'close')
  child.stdin.write('\n')
  child.stdin.write('\n')
  child.stdin.end()
  assert.deepEqual(await closed, [0, null])
})
