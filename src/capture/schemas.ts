import { readFileSync, statSync } from 'node:fs'
import { MtlscopeError } from '../base/errors.ts'
import { cannotRead } from '../base/file-errors.ts'
import { addDescriptorSet, emptySchema, missingTypes } from '../protocols/protobuf/descriptor.ts'
import type { SchemaSource } from '../protocols/protocol.ts'
import type { ProtoFile } from './proto-files.ts'
import { readProtoFile, readProtoFolder } from './proto-files.ts'

/**
 * Types of protobuf messages out of a folder of .proto files, a single one with what it imports, or a descriptor set
 * (`protoc --include_imports --descriptor_set_out FILE`). Of several folders one may import from the other.
 * @throws MtlscopeError cannot-read, or bad-schema, which names file and line.
 */
export async function readSchemas(paths: readonly string[]): Promise<SchemaSource> {
  const descriptorSets: Uint8Array[] = []
  const files: ProtoFile[] = []
  // protobufjs is large, and needed for text only.
  const parsing = async () => import('./proto-parsing.ts')
  for (const path of paths) {
    if (isFolder(path)) files.push(...protosBelow(path))
    else if (path.endsWith('.proto')) files.push(...readable(path, readProtoFile, (await parsing()).importsOf))
    else descriptorSets.push(readDescriptorSet(path))
  }
  if (files.length > 0) {
    const { parseProtos } = await parsing()
    const { descriptorSetOf } = await import('./descriptor-set.ts')
    descriptorSets.push(descriptorSetOf(parseProtos(files)))
  }
  return { descriptorSets }
}

function isFolder(path: string): boolean {
  return readable(path, (name) => statSync(name).isDirectory())
}

function protosBelow(folder: string): ProtoFile[] {
  const files = readable(folder, readProtoFolder)
  if (files.length === 0) throw new MtlscopeError('bad-schema', `no .proto file below ${folder}`, { facts: { path: folder } })
  return files
}

function readDescriptorSet(path: string): Uint8Array {
  const bytes = readable(path, (name) => readFileSync(name))
  const table = emptySchema()
  if (!addDescriptorSet(table, bytes) || table.messages.size + table.methods.size === 0) {
    throw new MtlscopeError('bad-schema', `${path}: neither a .proto file nor a descriptor set`, { hint: 'make one with: protoc --include_imports --descriptor_set_out FILE', facts: { path } })
  }
  const [missing] = missingTypes(table)
  if (missing !== undefined) {
    throw new MtlscopeError('bad-schema', `${path}: the type ${missing} is not in it`, { hint: 'make it with: protoc --include_imports', facts: { path } })
  }
  return Uint8Array.from(bytes)
}

function readable<T, More extends unknown[]>(path: string, read: (path: string, ...more: More) => T, ...more: More): T {
  try {
    return read(path, ...more)
  } catch (cause) {
    if (cause instanceof MtlscopeError) throw cause
    throw cannotRead(path, cause)
  }
}
