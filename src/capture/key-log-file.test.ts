import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { appendFileSync, closeSync, mkdirSync, mkdtempSync, openSync, renameSync, rmSync, writeFileSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { after } from 'node:test'
import type { MtlscopeError } from '../base/errors.ts'
import { KeyLogFile } from './key-log-file.ts'
import { KeyLogs } from './key-logs.ts'

const folder = mkdtempSync(join(tmpdir(), 'mtlscope-keylog-'))
after(() => { rmSync(folder, { recursive: true }) })

/** A line for the connection of that number. */
const line = (n: number): string => `CLIENT_RANDOM ${n.toString(16).padStart(64, '0')} ${'0c'.repeat(48)}\n`

function open(path: string): { known: number[], poll: () => number[], file: KeyLogFile } {
  const known: number[] = []
  const file = new KeyLogFile(path, { secret: (_, random) => known.push(Number.parseInt(random, 16)), session() {}, premaster() {} })
  let nowMs = 0
  const poll = (): number[] => {
    file.poll(nowMs += 1000)
    return known
  }
  return { known, poll, file }
}

test('what is appended is read, a line at a time', () => {
  const path = join(folder, 'appended')
  writeFileSync(path, line(1) + line(2).slice(0, 20))
  const { poll, file } = open(path)
  assert.deepEqual(poll(), [1])
  appendFileSync(path, line(2).slice(20))
  assert.deepEqual(poll(), [1, 2])
  assert.deepEqual(poll(), [1, 2])
  file.close()
})

test('a file that comes later, is replaced, or cut back and written anew', () => {
  const path = join(folder, 'replaced')
  const { poll, file } = open(path)
  assert.deepEqual(poll(), [])
  assert.equal(file.problem, 'ENOENT')
  writeFileSync(path, line(1) + line(2))
  assert.deepEqual(poll(), [1, 2])
  assert.equal(file.problem, undefined)
  appendFileSync(path, line(3))
  writeFileSync(`${path}.new`, line(4))
  renameSync(`${path}.new`, path)
  assert.deepEqual(poll(), [1, 2, 3, 4])
  writeFileSync(path, '')
  poll()
  writeFileSync(path, line(5))
  assert.deepEqual(poll(), [1, 2, 3, 4, 5])
  file.close()
})

test('a FIFO is read without waiting for its writer', () => {
  const path = join(folder, 'fifo')
  execFileSync('mkfifo', [path])
  const { poll, file } = open(path)
  assert.deepEqual(poll(), [])
  const writer = openSync(path, 'w')
  writeSync(writer, line(7))
  assert.deepEqual(poll(), [7])
  closeSync(writer)
  assert.deepEqual(poll(), [7])
  file.close()
})

test('what cannot be read is an error that names it', () => {
  mkdirSync(join(folder, 'folder'))
  for (const [name, why] of [['absent', /there is no such file/], ['folder', /EISDIR/]] as const) {
    assert.throws(() => { new KeyLogs([join(folder, name)]).require() }, (error: MtlscopeError) => error.code === 'cannot-read' && why.test(error.message))
  }
})

test('garbage is told by line, once, and never repeated', () => {
  const path = join(folder, 'garbage')
  writeFileSync(path, `${line(1)}hunter2\n${line(2)}`)
  const logs = new KeyLogs([path])
  assert.deepEqual(logs.warnings(), [`key log ${path}: line 2 does not have three parts`])
  assert.deepEqual(logs.warnings(), [])
  logs.close()
})
