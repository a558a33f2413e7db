import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import test from 'node:test'
import { FILTER_EXAMPLES } from './examples.ts'
import { FIELDS } from './fields.ts'
import { checkFilter } from './filter.ts'
import { FUNCTIONS } from './functions.ts'

test('docs/filter.md has every field, function and example', () => {
  const page = readFileSync(new URL('../../../docs/filter.md', import.meta.url), 'utf8').replaceAll('\\|', '|')
  for (const { name, what, aliases = [] } of FIELDS) {
    assert.ok(page.includes(`| \`${name}\``) && page.includes(what), `${name} is not as the program has it`)
    for (const alias of aliases) assert.ok(page.includes(`\`${alias}\``), alias)
  }
  for (const { name, usage, what } of FUNCTIONS) assert.ok(page.includes(`| \`${name}\` | \`${usage}\` | ${what} |`), name)
  for (const { q, what } of FILTER_EXAMPLES) assert.ok(page.includes(`| \`${q}\` | ${what} |`), q)
})

test('a comment is no part of a filter', () => {
  assert.ok(checkFilter('http // and more\n && grpc').ok)
})
