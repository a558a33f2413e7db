import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'node:test'
import type { TestContext } from 'node:test'
import { openStoreFolder } from './store-folder.ts'

/** The temporary folder of this process and of those that it starts, for one test. */
function ownTmp(t: TestContext): string {
  const before = process.env.TMPDIR
  const path = mkdtempSync(join(tmpdir(), 'mtlscope-test-folder-'))
  process.env.TMPDIR = path
  t.after(() => {
    if (before === undefined) delete process.env.TMPDIR
    else process.env.TMPDIR = before
    rmSync(path, { recursive: true, force: true })
  })
  return path
}

const OWNER = `import { openStoreFolder } from './src/hub/store-folder.ts'
process.stdout.write(openStoreFolder(undefined).path)
setInterval(() => {}, 1000)`

/** Another process with a folder. */
async function startOwner(t: TestContext): Promise<{ path: string, kill(): Promise<void> }> {
  const child = spawn(process.execPath, ['--no-warnings', '--input-type=module', '--eval', OWNER], { stdio: ['ignore', 'pipe', 'inherit'], cwd: new URL('../..', import.meta.url) })
  t.after(() => { child.kill('SIGKILL') })
  const ended = new Promise<void>((resolve) => { child.on('close', () => resolve()) })
  const path = await Promise.race([new Promise<string>((resolve) => child.stdout.once('data', (text: Buffer) => resolve(text.toString()))), ended.then(() => '')])
  return { path, kill: async () => { child.kill('SIGKILL'); await ended } }
}

test('what a killed run left goes with the next one that makes a folder, and what is in use stays', async (t) => {
  const tmp = ownTmp(t)
  const [killed, living] = [await startOwner(t), await startOwner(t)]
  assert.ok(existsSync(killed.path) && existsSync(living.path))
  await killed.kill()
  const ours = openStoreFolder(undefined)
  assert.deepEqual(readdirSync(tmp).sort(), [ours.path, living.path].map((path) => path.slice(tmp.length + 1)).sort())
  ours.remove()
  assert.ok(existsSync(living.path) && !existsSync(ours.path))
})

test('a number that another process has by now is no owner; of another pid namespace nothing is known', (t) => {
  const tmp = ownTmp(t)
  const [pid, start, namespace] = readFileSync(join(openStoreFolder(undefined).path, 'pid'), 'utf8').split(' ')
  const folder = (name: string, owner?: string): string => {
    const path = join(tmp, `mtlscope-store-${name}`)
    mkdirSync(path)
    if (owner !== undefined) writeFileSync(join(path, 'pid'), owner)
    return path
  }
  const reused = folder('reused', `${pid} ${Number(start) - 1} ${namespace}`)
  const foreign = folder('foreign', `4194303 1 pid:[1]`)
  const strange = folder('strange', 'what')
  const fresh = folder('fresh')
  const old = folder('old')
  utimesSync(old, 1, 1)
  openStoreFolder(undefined)
  assert.deepEqual([reused, foreign, strange, fresh, old].map((path) => existsSync(path)), [false, true, true, true, false])
})

test('a folder that was asked for stays', (t) => {
  const path = join(ownTmp(t), 'kept')
  openStoreFolder(path).remove()
  assert.ok(existsSync(path))
})
