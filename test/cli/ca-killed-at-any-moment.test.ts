import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { Authority } from '../../src/identity/authority/authority.ts'
import { finishRotation, initCa, startRotation } from '../../src/identity/authority/changes.ts'
import { CaFolder } from '../../src/identity/authority/folder.ts'
import { withFileLock } from '../../src/sys/file-lock.ts'
import { MAIN } from './transcript.ts'

const place = mkdtempSync(join(tmpdir(), 'mtlscope-ca-'))
test.after(() => rmSync(place, { recursive: true, force: true }))
const settings = { trustDomain: 'cluster.local', name: 'test', dnsDomains: [], maxTtlMillis: 86_400_000 }
const now = (): { nowMillis: number, by: string } => ({ nowMillis: Date.now(), by: 'test' })

const listed = (path: string): number => existsSync(path) ? readdirSync(path).length : 0

/** Kills the command as soon as the folder has so many more files, temporary ones included; a command that is quicker ends by itself. */
async function killAfter(files: number, path: string, ...args: string[]): Promise<void> {
  const before = listed(path)
  const child = spawn(process.execPath, [MAIN, 'ca', ...args, '--dir', path], { stdio: 'ignore' })
  const exit = once(child, 'exit')
  while (child.exitCode === null && listed(path) < before + files) await turn()
  child.kill('SIGKILL')
  await exit
}

async function works(folder: CaFolder): Promise<number> {
  const issuer = await new Authority({ store: folder, by: 'test', warn: (text) => assert.fail(text) }).current(Date.now())
  issuer.requireValid(Date.now())
  return issuer.state.roots.length
}

test('ca init killed after each of its files leaves a whole CA or none, and can be run again', async () => {
  for (let files = 1; files <= 6; files++) {
    const folder = new CaFolder(join(place, `init${files}`), withFileLock)
    await killAfter(files, folder.path, 'init')
    await folder.create()
    if (!await folder.hasState()) await initCa(folder, settings, now())
    assert.equal(await works(folder), 1)
  }
})

test('ca rotate-root killed after each of its files leaves the rotation begun or not, and can go on', async () => {
  const folder = new CaFolder(join(place, 'rotate'), withFileLock)
  await initCa(folder, settings, now())
  for (let files = 1; files <= 4; files++) {
    await killAfter(files, folder.path, 'rotate-root')
    if (await works(folder) === 1) await startRotation(folder, now())
    await finishRotation(folder, now(), true)
    await finishRotation(folder, now(), true)
    assert.equal(await works(folder), 1)
  }
})
