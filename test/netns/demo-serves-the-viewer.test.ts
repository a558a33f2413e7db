import assert from 'node:assert/strict'
import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import type { CheckAnswer, HealthAnswer, MessagesPage } from '../../src/model/api.ts'
import { findProgram } from '../../src/sys/exec.ts'
import { need } from '../require.ts'
import { DemoRun, MAIN, missingForDemo } from './demo.fixture.ts'

const ADDRESS = /viewer (http:\/\/127\.0\.0\.1:(\d+)\/)/
const LONGEST_MS = 90_000

function canRun(t: TestContext): boolean {
  return need(t, 'netns', missingForDemo() === undefined, missingForDemo() ?? '')
}

/** A demo whose temporary files are in a folder of its own. */
function startDemo(t: TestContext, args: readonly string[], env: Record<string, string> = {}): { run: DemoRun, folder: string } {
  const folder = mkdtempSync(join(tmpdir(), 'mtlscope-test-demo-'))
  const run = new DemoRun([process.execPath, MAIN, 'demo', '--rate', '12', ...args], 'ignore', { TMPDIR: folder, ...env })
  t.after(() => {
    run.kill()
    rmSync(folder, { recursive: true, force: true })
  })
  return { run, folder }
}

async function addressOf(run: DemoRun): Promise<string> {
  await run.said(ADDRESS)
  return ADDRESS.exec(run.stdout)![1]!
}

/** Asks until the answer is enough; the last one where it never is. */
async function askUntil<T>(address: string, path: string, enough: (answer: T) => boolean): Promise<T> {
  for (const start = performance.now(); ;) {
    const answer = await (await fetch(`${address}api/v1/${path}`)).json() as T
    if (enough(answer) || performance.now() - start > LONGEST_MS) return answer
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

async function untilThere(file: string): Promise<void> {
  for (const start = performance.now(); !existsSync(file); await new Promise((resolve) => setTimeout(resolve, 20))) assert.ok(performance.now() - start < LONGEST_MS, `${file} is not there`)
}

const edgesOf = ({ rows }: MessagesPage): string[] => [...new Set(rows.flatMap(({ way }) => (way === undefined ? [] : [`${way.from} ${way.to} ${way.verdict}`])))].toSorted()

test('the viewer has each request once, with the lock of its wire, and nothing of it stays', async (t) => {
  if (!canRun(t)) return
  const { run, folder } = startDemo(t, ['--ui', '0'])
  const address = await addressOf(run)
  const page = await askUntil<MessagesPage>(address, 'messages?hops=joined&q=http&limit=500', (answer) => edgesOf(answer).length >= 3 && answer.rows.length > 20)
  assert.deepEqual(edgesOf(page), ['cart stock mtls-inferred', 'web ads plaintext', 'web cart mtls-inferred'])
  assert.ok(page.rows.filter(({ way }) => way?.to === 'cart').every(({ way }) => way?.hops === 3), 'app, proxy, proxy, app')
  assert.ok(page.furtherHops >= page.rows.length / 2)
  const check = await askUntil<CheckAnswer>(address, 'check', ({ edges }) => edges.length >= 3)
  assert.deepEqual(check.edges.map(({ from, to, verdict }) => `${from} ${to} ${verdict}`).toSorted(), ['cart stock:8080 mtls-inferred', 'web ads:8080 plaintext', 'web cart:8080 mtls-inferred'])
  const { health } = await askUntil<HealthAnswer>(address, 'health', (answer) => answer.health.namespaces.length >= 3)
  assert.deepEqual(health.namespaces.map(({ name }) => name).toSorted(), ['cart', 'stock', 'web'])
  assert.equal((await askUntil<MessagesPage>(address, 'messages?q=what%20%3D%3D%20%22ciphertext%22', () => true)).rows.length, 0)
  process.kill(run.outer(), 'SIGINT')
  assert.equal(await run.exited, 0, run.stderr)
  await run.gone()
  assert.deepEqual(readdirSync(folder), [])
})

test('where the port is taken it says so and takes another', async (t) => {
  if (!canRun(t)) return
  const taker = createServer()
  await new Promise<void>((resolve) => { taker.listen(0, '127.0.0.1', resolve) })
  t.after(() => { taker.close() })
  const { port } = taker.address() as AddressInfo
  const { run } = startDemo(t, ['--ui', String(port), '-c', '3'])
  assert.equal(await run.exited, 0, run.stderr)
  assert.match(run.stdout, new RegExp(`viewer http://127\\.0\\.0\\.1:(?!${port}/)\\d+/ \\(port ${port} is taken\\)`))
})

test('without a viewer, asked for or for want of SQLite, it goes on', async (t) => {
  if (!canRun(t)) return
  const { run } = startDemo(t, ['--no-ui', '-c', '3'])
  assert.equal(await run.exited, 0, run.stderr)
  assert.doesNotMatch(run.stdout, /viewer/)
  assert.match(run.stdout, /(web|cart) +→ (cart|stock|ads)/)
  const { run: old } = startDemo(t, ['--ui', '0', '-c', '3'], { NODE_OPTIONS: '--no-experimental-sqlite' })
  assert.equal(await old.exited, 0, old.stderr)
  assert.match(old.stdout, /^no viewer: this Node \(v[\d.]+\) has no SQLite|   no viewer: this Node \(v[\d.]+\) has no SQLite/m)
  assert.match(old.stdout, /(web|cart) +→ (cart|stock|ads)/)
})

test('a browser is opened for who sits before a terminal, and not for a pipe', async (t) => {
  if (!canRun(t) || !need(t, 'netns', findProgram('script') !== undefined, 'script (bsdutils)')) return
  const programs = mkdtempSync(join(tmpdir(), 'mtlscope-test-open-'))
  t.after(() => { rmSync(programs, { recursive: true, force: true }) })
  writeFileSync(join(programs, 'xdg-open'), `#!/bin/sh\necho "$1" >> ${programs}/opened\n`)
  chmodSync(join(programs, 'xdg-open'), 0o755)
  const env = { PATH: `${programs}:${process.env.PATH}`, DISPLAY: ':99' }
  const { run } = startDemo(t, ['--ui', '0', '-c', '3'], env)
  assert.equal(await run.exited, 0, run.stderr)
  assert.equal(existsSync(join(programs, 'opened')), false)
  const terminal = new DemoRun(['script', '-qefc', `exec ${process.execPath} ${MAIN} demo --ui 0 -c 3 --rate 12`, '/dev/null'], 'ignore', env)
  t.after(() => terminal.kill())
  assert.equal(await terminal.exited, 0, terminal.stdout)
  // The browser is a process of its own that nobody waits for.
  await untilThere(join(programs, 'opened'))
})
