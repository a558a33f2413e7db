import assert from 'node:assert/strict'
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { initCa } from '../identity/authority/changes.ts'
import { caFolder, occasion } from './ca-folder.ts'
import { runCaIssue } from './ca-issue.ts'

test('what is not issued leaves no folder behind, and one that was there alone', async (t) => {
  const place = mkdtempSync(join(tmpdir(), 'mtlscope-issue-'))
  t.after(() => rmSync(place, { recursive: true }))
  const [dir, fresh, old] = [join(place, 'ca'), join(place, 'fresh'), join(place, 'old')]
  await initCa(caFolder(dir), { trustDomain: 'shop.test', name: 'test', dnsDomains: [], maxTtlMillis: 3_600_000 }, occasion())
  mkdirSync(old)
  for (const out of [fresh, old]) await assert.rejects(runCaIssue({ dir, spiffe: 'spiffe://other.test/cart', ttl: 600_000, out }), { code: 'ca-refused' })
  assert.deepEqual([existsSync(fresh), existsSync(old)], [false, true])
})
