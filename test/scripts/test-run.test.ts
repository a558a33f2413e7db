import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { after } from 'node:test'
import { fileURLToPath } from 'node:url'

const TEST_RUN = fileURLToPath(new URL('../../scripts/test-run.ts', import.meta.url))

const folder = mkdtempSync(join(tmpdir(), 'mtlscope-test-run-'))
after(() => rmSync(folder, { recursive: true }))

function write(name: string, body: string): string {
  const path = join(folder, name)
  writeFileSync(path, `import test from 'node:test'\n${body}\n`)
  return path
}

const runner = join(folder, 'runner.mjs')
writeFileSync(runner, `
  import { TestRun } from ${JSON.stringify(TEST_RUN)}
  const rounds = JSON.parse(process.argv[2])
  const run = new TestRun()
  const [said, passed] = [[], []]
  for await (const { type, data } of run.events(rounds.map((phases) => phases.map((files) => ({ files, concurrency: 1, timeoutMs: 60000 }))))) {
    if (type === 'test:diagnostic' && data.nesting === 0) said.push(data.message)
    if (type === 'test:pass') passed.push(data.name)
  }
  console.log(JSON.stringify({ failed: run.failed, said, passed }))
`)

interface Told { readonly failed: boolean, readonly said: string[], readonly passed: string[] }

/** Runs the files of each phase of each round in a process of its own, for a test runner does not run inside a test. */
function runRounds(...rounds: string[][][]): Told {
  const env = { ...process.env }
  delete env.NODE_TEST_CONTEXT
  return JSON.parse(execFileSync(process.execPath, [runner, JSON.stringify(rounds)], { env, encoding: 'utf8' })) as Told
}

/** One phase after the other. */
function runPhases(first: string, second: string): Told {
  return runRounds([[first]], [[second]])
}

test('the counts of all phases are added up, and skips are told with their reasons before them', () => {
  const { failed, said } = runPhases(
    write('a.test.mjs', 'test(\'one\', () => {}); test(\'two\', (t) => t.skip(\'missing: tshark\'))'),
    write('b.test.mjs', 'test(\'three\', () => {}); test(\'four\', (t) => t.skip(\'missing: tshark\'))'))
  assert.equal(failed, false)
  assert.equal(said[0], 'skipped, missing: tshark:')
  assert.match(said[1]!, /^ {2}two \(.*a\.test\.mjs\)$/)
  assert.match(said[2]!, /^ {2}four \(.*b\.test\.mjs\)$/)
  assert.deepEqual(said.slice(3, -1), ['tests 4', 'suites 0', 'pass 2', 'fail 0', 'cancelled 0', 'skipped 2', 'todo 0'])
  assert.match(said.at(-1)!, /^duration_ms [\d.]+$/)
})

test('a failure in any phase is a failure', () => {
  const bad = write('bad.test.mjs', 'test(\'bad\', () => { throw new Error(\'no\') })')
  const good = write('good.test.mjs', 'test(\'good\', () => {})')
  assert.equal(runPhases(bad, good).failed, true)
  assert.equal(runPhases(good, bad).failed, true)
})

test('a file that cannot be loaded is a failure', () => {
  const broken = write('broken.test.mjs', 'this is no program')
  assert.equal(runPhases(broken, write('good.test.mjs', 'test(\'good\', () => {})')).failed, true)
})

/** A test that ends once the file that the other one makes is there: neither passes where they do not run at the same time. */
function meeting(own: string, other: string): string {
  const path = (name: string): string => JSON.stringify(join(folder, name))
  return `import { existsSync, writeFileSync } from 'node:fs'
    test('${own} comes', () => { writeFileSync(${path(own)}, '') })
    test('${own} meets ${other}', async () => { while (!existsSync(${path(other)})) await new Promise((resolve) => { setTimeout(resolve, 10) }) })`
}

test('phases of a round run side by side, and what a file says stays together', () => {
  const [left, right] = [write('left.test.mjs', meeting('left', 'right')), write('right.test.mjs', meeting('right', 'left'))]
  const last = write('last.test.mjs', 'test(\'last\', () => {})')
  const { failed, passed, said } = runRounds([[left], [right, last]], [[last]])
  assert.equal(failed, false)
  assert.equal(passed.length, 6)
  for (const name of ['left', 'right']) assert.match(passed[passed.indexOf(`${name} comes`) + 1]!, new RegExp(`^${name} meets`))
  assert.equal(passed.at(-1), 'last')
  assert.ok(said.includes('tests 6'))
})

test('a failure on either side is a failure, and the other side is told to its end', () => {
  const bad = write('bad.test.mjs', 'test(\'bad\', () => { throw new Error(\'no\') })')
  const good = write('good.test.mjs', 'test(\'good\', () => {})')
  for (const phases of [[[bad], [good]], [[good], [bad]]]) {
    const { failed, passed } = runRounds(phases)
    assert.deepEqual([failed, passed], [true, ['good']])
  }
})
