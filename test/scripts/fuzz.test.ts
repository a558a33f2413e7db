import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { runProgram } from '../../scripts/run-program.ts'
import { CLIENT } from '../../src/model/side.ts'
import { captureOf } from '../fuzz/capture-of.ts'
import type { Case } from '../fuzz/mutation.ts'
import { piecesOf } from '../fuzz/mutation.ts'
import type { Piece, Source } from '../fuzz/source.ts'
import { runCase } from '../fuzz/trial.ts'
import { tapMessages } from '../peers/tap-messages.ts'

const piece = (text: string, atMicros: number): Piece => ({ side: CLIENT, bytes: Buffer.from(text), atMicros, isLost: false })
const SOURCES: readonly Source[] = [{ name: 'http1: two requests', protocol: 'http1', linkType: undefined, pieces: [piece('GET /a HTTP/1.1\r\n\r\n', 1000), piece('GET /b HTTP/1.1\r\n\r\n', 2000)] }]
const PLAIN: Case = { source: 0, window: undefined, splice: undefined, mutations: [], chunks: [5], isDirect: true, isLate: false, settings: 0 }

/** The same each time, as those of property tests are (test/property.ts). */
const { MTLSCOPE_SEED: seed = '20261121' } = process.env

test('4000 fuzzed cases find nothing', async () => {
  const { code, output } = await runProgram(process.execPath, ['scripts/fuzz.ts', '--cases', '4000', '--for', '10m', ...seed === 'random' ? [] : ['--seed', seed]])
  const folder = /kept in (\S+);/.exec(output)?.[1]
  if (folder !== undefined) rmSync(folder, { recursive: true })
  assert.equal(code, 0, output)
  // On a slow machine it says now and then how far it is.
  assert.match(output, /^seed \d+, \d{3} samples and captures\n(?:\d+ cases, \d+ a second, .*\n)*4000 cases, nothing found$/m)
})

test('a case is made of numbers, and the same numbers make the same bytes', () => {
  const changed: Case = { ...PLAIN, mutations: [{ kind: 'swap', at: 0, and: 1 }, { kind: 'byte', at: 4, and: 0x58 }, { kind: 'repeat', at: 1, and: 2 }, { kind: 'lose', at: 0, and: 0 }] }
  const [one, other] = [piecesOf(changed, SOURCES), piecesOf(changed, SOURCES)]
  assert.deepEqual(one, other)
  assert.equal(one.length, 5)
  assert.ok(one[0]!.isLost)
  assert.equal(Buffer.from(SOURCES[0]!.pieces[1]!.bytes).toString(), 'GET /b HTTP/1.1\r\n\r\n')
})

test('a case may be a part of its source', () => {
  const { pieces } = SOURCES[0]!
  assert.deepEqual(piecesOf({ ...PLAIN, window: { from: 1, pieces: 5 } }, SOURCES), pieces.slice(1))
  assert.deepEqual(piecesOf({ ...PLAIN, window: { from: 3, pieces: 1 } }, SOURCES), pieces.slice(0, 1))
})

test('a case can be looked at as a capture', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'mtlscope-case-'))
  t.after(() => rmSync(folder, { recursive: true }))
  writeFileSync(join(folder, 'case.pcap'), captureOf(piecesOf(PLAIN, SOURCES), undefined))
  const { messages } = await tapMessages(join(folder, 'case.pcap'))
  assert.deepEqual(messages.map(({ message }) => message.what), ['GET /a', 'GET /b'])
})

test('what throws fails the case', () => {
  runCase(PLAIN, SOURCES)
  assert.throws(() => runCase(PLAIN, [{ ...SOURCES[0]!, protocol: 'no such protocol' }]))
})
