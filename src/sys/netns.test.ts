import assert from 'node:assert/strict'
import { closeSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { MtlscopeError } from '../base/errors.ts'
import { netnsInode, openNetns } from './netns.ts'

function failsWith(code: string, message: RegExp, hint: RegExp, fn: () => unknown): void {
  assert.throws(fn, (e) => e instanceof MtlscopeError && e.code === code && message.test(e.message) && hint.test(e.hint ?? ''))
}

test('opens the own namespace and knows its number', () => {
  const fd = openNetns('/proc/self/ns/net')
  assert.equal(netnsInode(`/proc/self/fd/${fd}`), netnsInode('/proc/self/ns/net'))
  closeSync(fd)
})

test('says that a process or a name does not exist', () => {
  failsWith('no-such-namespace', /^there is no network namespace of pid 4194305$/, /ended/, () => openNetns('/proc/4194305/ns/net'))
  failsWith('no-such-namespace', /^there is no network namespace absent$/, /./, () => openNetns('/run/netns/absent'))
  failsWith('no-such-namespace', /of pid 4194305/, /./, () => netnsInode('/proc/4194305/ns/net'))
})

test('names the nearest namespace', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'mtlscope-'))
  t.after(() => rmSync(folder, { recursive: true }))
  mkdirSync(join(folder, 'netns'))
  writeFileSync(join(folder, 'netns', 'cart'), '')
  failsWith('no-such-namespace', /network namespace crat$/, /^did you mean cart\?$/, () => openNetns(join(folder, 'netns', 'crat')))
  failsWith('no-such-namespace', /network namespace billing$/, /^there are: cart$/, () => openNetns(join(folder, 'netns', 'billing')))
})

test('refuses a file that is no namespace', () => {
  failsWith('no-such-namespace', /is not a network namespace$/, /^$/, () => openNetns('/proc/self/status'))
  failsWith('no-such-namespace', /is not a network namespace$/, /^$/, () => openNetns('/tmp'))
})
