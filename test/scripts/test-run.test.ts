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
  const [first, second] = process.argv.slice(2)
  const run = new TestRun()
  const said = []
  for await (const { type, data } of run.events([{ files: [first], concurrency: 2, timeoutMs: 20000 }, { files: [second], concurrency: 1, timeoutMs: 20000 }])) {
    if (type === 'test:diagnostic' && data.nesting === 0) said.push(data.message)
  }
  console.log(JSON.stringify({ failed: run.failed, said }))
`)

/** Runs the files as two phases in a process of its own, for a test runner does not run inside a test. */
function runPhases(first: string, second: string): { failed: boolean, said: string[] } {
  const env = { ...process.env }
  delete env.NODE_TEST_CONTEXT
  return JSON.parse(execFileSync(process.execPath, [runner, first, second], { env, encoding: 'utf8' })) as { failed: boolean, said: string[] }
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
