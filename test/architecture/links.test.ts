import assert from 'node:assert/strict'
import { globSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'node:test'
import { pathToFileURL } from 'node:url'
import { brokenLinks } from './broken-links.ts'
import { ROOT } from './source-tree.ts'

for (const page of ['README.md', 'CONTRIBUTING.md', ...globSync('docs/**/*.md', { cwd: ROOT }).sort()]) {
  test(`${page}: every link leads somewhere`, () => {
    assert.deepEqual(brokenLinks(new URL(page, ROOT)), [])
  })
}

test('a link to nothing is named', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'mtlscope-links-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const page = join(folder, 'a.md')
  writeFileSync(page, '# The `first` one\n[a](#the-first-one) [b](b.md) ![c](c.svg) [d](#second) [e](https://example.org/)\n```\n[f](f.md)\n```\n[g](a.md#the-first-one)\n')
  assert.deepEqual(brokenLinks(pathToFileURL(page)), ['b.md', 'c.svg', '#second'])
})
