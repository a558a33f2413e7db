import assert from 'node:assert/strict'
import { openSync, readFileSync, writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { whyNotRead, writeHint } from './file-errors.ts'

function failureOf(attempt: () => unknown): NodeJS.ErrnoException {
  try {
    attempt()
  } catch (error) {
    return error as NodeJS.ErrnoException
  }
  throw new Error('it did not fail')
}

test('why a file cannot be read is said in words, and in the code of what is rare', () => {
  assert.equal(whyNotRead(failureOf(() => readFileSync('/nowhere/at-all'))), 'there is no such file')
  assert.equal(whyNotRead(failureOf(() => readFileSync('/'))), 'it is a directory')
  assert.equal(whyNotRead(failureOf(() => readFileSync('/proc/self/status/x'))), 'a part of its path is a file')
  assert.equal(whyNotRead(failureOf(() => readFileSync('x'.repeat(300)))), 'ENAMETOOLONG')
  assert.equal(whyNotRead(failureOf(() => readFileSync('a\0b'))), 'ERR_INVALID_ARG_VALUE')
  assert.equal(whyNotRead(new Error('without a code')), 'without a code')
})

test('why a file cannot be written has a hint', () => {
  assert.equal(writeHint(failureOf(() => writeFileSync('/nowhere/at-all', '')).code), 'the folder does not exist')
  assert.equal(writeHint(failureOf(() => openSync('/', 'w')).code), 'it is a directory')
  assert.equal(writeHint(failureOf(() => writeFileSync('/dev/full', 'x')).code), 'the disk is full')
  assert.equal(writeHint('EWEIRD'), undefined)
})
