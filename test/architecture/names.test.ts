import assert from 'node:assert/strict'
import test from 'node:test'
import { nameViolations } from './name-violations.ts'
import { readSourceTree } from './source-tree.ts'

const names = (path: string, text = ''): string[] => nameViolations([{ path, text }])

test('files and folders are named by what is in them', () => {
  const tree = readSourceTree(['src', 'test', 'bench', 'scripts'])
  assert.ok(tree.length > 0)
  assert.deepEqual(nameViolations(tree), [])
})

test('a name that breaks the rule is named', () => {
  assert.deepEqual(names('src/net/FlowTable.ts'), ['src/net/FlowTable.ts: file names are kebab-case'])
  assert.deepEqual(names('src/net/flow_table.test.ts'), ['src/net/flow_table.test.ts: file names are kebab-case'])
  assert.deepEqual(names('src/util/text.ts'), ['src/util/text.ts: name the folder by what is in it'])
  assert.deepEqual(names('test/helpers.ts'), ['test/helpers.ts: name the file by what is in it'])
  assert.deepEqual(names('src/net/ip-utils.ts'), ['src/net/ip-utils.ts: name the file by what is in it'])
  assert.deepEqual(names('src/net/flow-table.ts'), [])
  assert.deepEqual(names('src/net/utility-bill.ts'), [])
})

test('a default export is named', () => {
  assert.deepEqual(names('src/net/x.ts', 'export default 1'), ['src/net/x.ts: exports are named, there is no default'])
  assert.deepEqual(names('src/net/x.ts', '// export default 1'), [])
})
