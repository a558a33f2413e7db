import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { MtlscopeError } from '../base/errors.ts'
import { encoded } from '../protocols/protobuf/schema.fixture.ts'
import { decodeMessage } from '../protocols/protobuf/decode.ts'
import { Schemas } from '../protocols/protobuf/schemas.ts'
import { DEFAULT_REDACTION, redactorOf } from '../protocols/redaction.ts'
import { readSchemas } from './schemas.ts'

const PROTOS = fileURLToPath(new URL('../../test/fixtures/protos', import.meta.url))
const HEAD = 'syntax = "proto3";\npackage a;\n'
const root = mkdtempSync(join(tmpdir(), 'mtlscope-protos-'))
after(() => rmSync(root, { recursive: true }))
let count = 0

/** A folder with these files. */
function folder(files: Record<string, string | Uint8Array>): string {
  const path = join(root, String(count++))
  mkdirSync(path)
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(path, name)), { recursive: true })
    writeFileSync(join(path, name), text)
  }
  return path
}

const read = async (...paths: string[]): Promise<Schemas> => new Schemas(structuredClone(await readSchemas(paths)))

/** The message and hint of what it throws. */
async function failure(...paths: string[]): Promise<[string, string, string | undefined]> {
  try {
    await readSchemas(paths)
  } catch (error) {
    assert.ok(error instanceof MtlscopeError)
    return [error.code, error.message.replaceAll(`${root}/`, ''), error.hint]
  }
  return assert.fail('nothing was thrown')
}

test('a folder gives the types of all files below it', async () => {
  const schemas = await read(PROTOS)
  assert.deepEqual(schemas.method('shop.Cart', 'Get'), { input: 'shop.GetRequest', output: 'shop.CartState' })
  const fields = [...schemas.message('shop.CartState')!.fields.values()].map(({ key, typeName, isRepeated }) => [key, typeName, isRepeated])
  assert.deepEqual(fields.slice(0, 5), [
    ['cartId', '', false], ['items', 'shop.Item', true], ['totals', 'shop.CartState.TotalsEntry', true],
    ['changedAt', 'google.protobuf.Timestamp', false], ['livesFor', 'google.protobuf.Duration', false],
  ])
  assert.equal(schemas.enum('shop.Size')!.get(2), 'LARGE')
})

test('a single file brings along what it imports from its folder or one above', async () => {
  const schemas = await read(join(PROTOS, 'shop/cart.proto'))
  assert.ok(schemas.message('shop.Money') !== undefined)
  assert.equal(schemas.message('grpc.reflection.v1.FileDescriptorResponse')!.fields.get(1)!.typeName, 'mtlscope.FileSummary')
})

test('names are looked up from the innermost scope outwards', async () => {
  const schemas = await read(folder({
    'a.proto': `${HEAD}message M { message X {} X inner = 1; .a.X outer = 2; b.X other = 3; E e = 4; } message X {} enum E { Z = 0; }`,
    'deep/b.proto': 'syntax = "proto3"; package a.b; message X { M.X far = 1; google.rpc.Status status = 2; }',
  }))
  const types = (name: string): string[] => [...schemas.message(name)!.fields.values()].map((field) => field.typeName)
  assert.deepEqual(types('a.M'), ['a.M.X', 'a.X', 'a.b.X', 'a.E'])
  assert.deepEqual(types('a.b.X'), ['a.M.X', 'google.rpc.Status'])
})

test('one folder may import from another, and bring its own copy', async () => {
  const common = folder({ 'common/c.proto': `${HEAD}message C { int32 id = 1; }` })
  const users = folder({
    'u.proto': `${HEAD}import "common/c.proto"; import "google/api/annotations.proto"; import "google/protobuf/timestamp.proto"; message U { C c = 1; google.protobuf.Timestamp t = 2; }`,
    'vendor/common/c.proto': `${HEAD}message C { int32 id = 1; }`,
    'google/protobuf/timestamp.proto': 'syntax = "proto3"; package google.protobuf; message Timestamp { int64 seconds = 1; int32 nanos = 2; }',
  })
  assert.equal((await read(common, users)).message('a.U')!.fields.get(1)!.typeName, 'a.C')
})

test('hidden folders and circles of links are left out', async () => {
  const path = folder({ 'x.proto': `${HEAD}message X {}`, '.git/bad.proto': 'no proto' })
  symlinkSync(path, join(path, 'again'))
  assert.ok((await read(path)).message('a.X') !== undefined)
})

test('proto2 with groups, extensions and required fields is read', async () => {
  const schemas = await read(folder({ 'old.proto': 'syntax = "proto2"; package a; message M { required int32 id = 1; repeated group Line = 2 { optional string text = 3; } extensions 100 to 200; }\nextend M { optional string more = 100; }' }))
  const bytes = Buffer.from([8, 5, 0x13, 0x1a, 1, 65, 0x14, 0xa2, 6, 1, 66])
  assert.deepEqual(decodeMessage(bytes, schemas.message('a.M')!, schemas, redactorOf(DEFAULT_REDACTION))?.value, { id: 5, line: [{ text: 'A' }], '[a.more]': 'B' })
})

test('a descriptor set is taken as it is', async () => {
  const [set] = (await readSchemas([PROTOS])).descriptorSets
  const path = folder({ 'shop.binpb': set! })
  assert.ok((await read(join(path, 'shop.binpb'))).method('shop.Cart', 'Chat') !== undefined)
})

test('a mistake is told with its file and line', async () => {
  const broken = folder({ 'b.proto': `${HEAD}message M {\n  string = 1;\n}` })
  assert.deepEqual((await failure(broken)).slice(0, 2), ['bad-schema', '0/b.proto:4: illegal name \'=\''].map((s) => s.replace('0/', `${count - 1}/`)))
  const missing = folder({ 'm.proto': `${HEAD}import "other/x.proto";\n\nmessage M {\n  int32 id = 1;\n  other.X x = 2;\n}` })
  assert.deepEqual(await failure(missing), ['bad-schema', `${count - 1}/m.proto:7: no type is called other.X`, 'it imports other/x.proto, which is not there: give the folder that holds it too'])
  const rpc = folder({ 'r.proto': `${HEAD}service S {\n  rpc Do(M) returns (N);\n}\nmessage M {}` })
  assert.equal((await failure(rpc))[1], `${count - 1}/r.proto:4: no type is called N`)
  const twice = folder({ '1.proto': `${HEAD}message M {}`, '2.proto': `${HEAD}\nmessage M { int32 id = 1; }` })
  assert.match((await failure(twice))[1], /2\.proto:4: duplicate name 'M'/)
})

test('what is no schema is refused', async () => {
  assert.deepEqual((await failure(folder({ 'x.txt': '' })))[1], `no .proto file below ${count - 1}`)
  assert.equal((await failure(join(root, 'none')))[0], 'cannot-read')
  assert.match((await failure(join(folder({ set: encoded('test.All', { aString: 'x' }) }), 'set')))[1], /set: neither a \.proto file nor a descriptor set/)
  const lone = Buffer.from([0x0a, 0x16, 0x22, 0x14, 0x0a, 1, 77, 0x12, 0x0f, 0x0a, 1, 102, 0x18, 1, 0x20, 1, 0x28, 11, 0x32, 4, 46, 97, 46, 88])
  assert.match((await failure(join(folder({ lone }), 'lone')))[1], /lone: the type a\.X is not in it/)
})
