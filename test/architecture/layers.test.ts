import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import test from 'node:test'
import { importViolations, purityViolations } from './import-violations.ts'
import { parseImportRules } from './rule-tables.ts'
import type { SourceFile } from './source-tree.ts'
import { ROOT, readSourceTree } from './source-tree.ts'

const rules = parseImportRules(readFileSync(new URL('docs/architecture.md', ROOT), 'utf8'))
const manifest = JSON.parse(readFileSync(new URL('package.json', ROOT), 'utf8')) as { dependencies: Record<string, string> }
const dependencies = Object.keys(manifest.dependencies)
const tree = readSourceTree(['src'])

const imports = (path: string, text: string): string[] => importViolations([{ path, text }], rules, dependencies)
const impure = (path: string, text: string): string[] => purityViolations([{ path, text }], rules)

test('every import of src/ keeps to the table of docs/architecture.md', () => {
  assert.ok(tree.length > 0)
  assert.deepEqual(importViolations(tree, rules, dependencies), [])
})

test('the pure folders know no clock, no chance and no globals', () => {
  assert.ok(tree.some((file) => file.path.startsWith('src/net/')))
  assert.deepEqual(purityViolations(tree, rules), [])
})

test('the table goes in one direction only', () => {
  for (const [folder, targets] of rules.layers) {
    for (const target of targets) {
      assert.ok(rules.layers.has(target), `${folder} may import ${target}, which has no row`)
      assert.ok(!rules.layers.get(target)!.includes(folder), `${folder} and ${target} may import each other`)
    }
  }
})

// The rest shows on made-up trees that the rules above can fail.

test('an import against the direction is named', () => {
  const source = 'import { openRing } from \'../../sys/packet-ring.ts\''
  assert.deepEqual(imports('src/protocols/http1/x.ts', source), ['src/protocols/http1/x.ts: protocols may not import sys'])
  assert.deepEqual(imports('src/tap/x.ts', source.replace('../../', '../')), [])
})

test('a type, a lazy import and a worker count as imports', () => {
  const expected = ['src/net/x.ts: net may not import tap']
  assert.deepEqual(imports('src/net/x.ts', 'import type { A } from \'../tap/a.ts\''), expected)
  assert.deepEqual(imports('src/net/x.ts', 'const a = await import(\'../tap/a.ts\')'), expected)
  assert.deepEqual(imports('src/net/x.ts', 'new Worker(new URL(\'../tap/a.ts\', import.meta.url))'), expected)
})

test('the foreign function interface and child processes stay in sys', () => {
  assert.deepEqual(imports('src/tap/x.ts', 'import koffi from \'koffi\''), ['src/tap/x.ts: tap may not import koffi, only sys may'])
  assert.deepEqual(imports('src/demo/x.ts', 'import { spawn } from \'node:child_process\''),
    ['src/demo/x.ts: demo may not import node:child_process, only sys may'])
  assert.deepEqual(imports('src/sys/x.ts', 'import koffi from \'koffi\'\nimport { spawn } from \'node:child_process\''), [])
})

test('a pure folder does no input or output', () => {
  for (const name of ['node:fs', 'node:net', 'node:dgram', 'node:timers', 'node:perf_hooks', 'node:worker_threads']) {
    assert.deepEqual(imports('src/net/x.ts', `import x from '${name}'`), [`src/net/x.ts: net is pure and may not import ${name}`])
  }
  assert.deepEqual(imports('src/protocols/x.ts', 'import { inflateSync } from \'node:zlib\''), [])
})

test('a pure folder has no clock', () => {
  assert.deepEqual(impure('src/net/x.ts', 'const now = Date.now()'), ['src/net/x.ts: net is pure and may not use Date.now'])
  assert.deepEqual(impure('src/protocols/tls/x.ts', 'const now = new Date()'), ['src/protocols/tls/x.ts: protocols is pure and may not use new Date()'])
  assert.deepEqual(impure('src/protocols/x.ts', 'if (process.env.X) {}'), ['src/protocols/x.ts: protocols is pure and may not use process'])
  assert.deepEqual(impure('src/net/x.ts', '// Date.now() is not for here\nconst at = new Date(seconds * 1000)'), [])
  assert.deepEqual(impure('src/sys/x.ts', 'const now = Date.now()'), [])
})

test('what is not shipped is not imported', () => {
  assert.deepEqual(imports('src/net/x.ts', 'import fc from \'fast-check\''), ['src/net/x.ts: fast-check is not among the dependencies of package.json'])
  assert.deepEqual(imports('src/net/x.ts', 'import { a } from \'./frames.fixture.ts\''), ['src/net/x.ts: only tests may import src/net/frames.fixture.ts'])
  assert.deepEqual(imports('src/net/x.ts', 'import { a } from \'../../test/require.ts\''), ['src/net/x.ts: src may not import test/require.ts'])
})

test('tests may import across layers', () => {
  assert.deepEqual(imports('src/net/x.test.ts', 'import { Engine } from \'../tap/engine.ts\'\nimport fc from \'fast-check\''), [])
})

test('a folder without a row is named', () => {
  const stray: SourceFile = { path: 'src/misc/x.ts', text: '' }
  assert.deepEqual(importViolations([stray], rules, dependencies), ['src/misc/x.ts: misc is no folder of the layer table'])
  assert.deepEqual(imports('src/x.ts', ''), ['src/x.ts: src is no folder of the layer table'])
})

test('a page without the tables is an error, not a pass', () => {
  assert.throws(() => parseImportRules('# nothing'), /no table whose first column is "folder"/)
})
