import assert from 'node:assert/strict'
import test from 'node:test'
import { probe } from './probe.ts'

const bytes = (text: string): Uint8Array => Buffer.from(text, 'latin1')
const NONE = bytes('')

test('commands that nobody else has are enough', () => {
  for (const line of ['set k 0 0 5', 'cas k 0 60 5 17', 'gets a b', 'incr n 1', 'delete k', 'mg k v t', 'ms k 5 T60', 'flush_all']) assert.equal(probe(bytes(`${line}\r\n`), NONE), 'yes', line)
})

test('commands that Redis and others have are decided by the answer', () => {
  for (const line of ['get k', 'touch k 60', 'stats', 'version', 'mg k']) assert.equal(probe(bytes(`${line}\r\n`), NONE), 'more', line)
  assert.equal(probe(bytes('get k\r\n'), bytes('VALUE k 0 1\r\nx\r\nEND\r\n')), 'yes')
  assert.equal(probe(bytes('get k\r\n'), bytes('END\r\n')), 'yes')
  assert.equal(probe(bytes('get k\r\n'), bytes('$1\r\nx\r\n')), 'no')
  assert.equal(probe(bytes('get k\r\n'), bytes('-ERR unknown\r\n')), 'no')
  assert.equal(probe(bytes('get k\r\n'), bytes('EN')), 'more')
})

test('other protocols, and what is too long', () => {
  for (const text of ['GET / HTTP/1.1\r\n', 'get / HTTP/1.1\r\n\r\n', '*1\r\n$4\r\nPING\r\n', 'set k v\r\n', 'set k 1 EX 60\r\n', 'hello\r\n', 'set k 0 0 5\n', `set ${'k'.repeat(251)} 0 0 5\r\n`, 'set \x01 0 0 5\r\n']) {
    assert.equal(probe(bytes(text), NONE), 'no', text)
  }
})

test('answers alone only where they are unmistakable', () => {
  for (const line of ['VALUE k 0 5', 'STORED', 'STAT pid 12', 'VERSION 1.6.18']) assert.equal(probe(NONE, bytes(`${line}\r\n`)), 'yes', line)
  for (const line of ['END', 'OK', 'ERROR', '15', 'HD', 'VALUE', 'STOREDX']) assert.equal(probe(NONE, bytes(`${line}\r\n`)), 'no', line)
})

test('a header of the binary protocol is looked at whole', () => {
  const header = Buffer.from('8000000600000000000000060000000000000000000000006361727437', 'hex')
  assert.equal(probe(header, NONE), 'yes')
  assert.equal(probe(header.subarray(0, 23), NONE), 'more')
  for (const [at, byte] of [[1, 0x77], [4, 8], [5, 1], [6, 0x70], [8, 0x70], [11, 2]] as const) {
    const other = Buffer.from(header)
    other[at] = byte
    assert.equal(probe(other, NONE), 'no', `byte ${at}`)
  }
})
