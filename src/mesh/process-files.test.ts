import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { parseStartTicks, pidsOf, readExe, readNetnsInode, readStart, readStartTicks } from './process-files.ts'
import { FakeProcfs } from './procfs.fixture.ts'

test('of a real process', () => {
  assert.equal(readExe('/proc', process.pid), process.execPath)
  assert.equal(readNetnsInode('/proc', process.pid), statSync('/proc/self/ns/net').ino)
  assert.ok(readStartTicks('/proc', process.pid) > 0)
})

test('the start time stands behind a name that may hold anything', () => {
  const fields = Array.from({ length: 50 }, (_, index) => index + 3)
  assert.equal(parseStartTicks(`7 (evil) R 1 2 (x) ${fields.join(' ')}`), 22)
  assert.equal(parseStartTicks('7 (cut) S 1 2'), -1)
  assert.equal(parseStartTicks(''), -1)
})

test('an upgraded executable keeps its name', (t) => {
  const procfs = new FakeProcfs().add(7, { exe: '/usr/bin/envoy (deleted)' })
  t.after(() => procfs.close())
  assert.equal(readExe(procfs.folder, 7), '/usr/bin/envoy')
})

test('reading has a bound, says when it cuts, and does not wait for a pipe', (t) => {
  const procfs = new FakeProcfs()
  t.after(() => procfs.close())
  const bytes = Buffer.alloc(200_000, 'x')
  procfs.write('7/environ', bytes)
  const path = join(procfs.folder, '7/environ')
  assert.deepEqual([readStart(path, 131_072).bytes.length, readStart(path, 131_072).cut], [131_072, true])
  assert.deepEqual([readStart(path, 200_000).bytes.length, readStart(path, 200_000).cut], [200_000, false])
  execFileSync('mkfifo', [join(procfs.folder, 'pipe')])
  assert.deepEqual(readStart(join(procfs.folder, 'pipe'), 100), { bytes: Buffer.alloc(0), cut: false })
  assert.equal(readStart('/proc/self/stat', 1024).bytes.toString().split(' ')[0], readFileSync('/proc/self/stat', 'latin1').split(' ')[0])
})

test('pids are the names that are numbers', () => {
  assert.deepEqual(pidsOf(['1', 'self', '42', '0', '4x', 'sys', '99999999999', '-1', '1.5', '1e3', '4194304']), [1, 42, 4194304])
})
