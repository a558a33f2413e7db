import protobuf from 'protobufjs'
import descriptor from 'protobufjs/ext/descriptor.js'
import protojson from 'protobufjs/ext/protojson.js'

/** Sets that protoc made have these only where they were asked for. */
const WELL_KNOWN = ['any', 'duration', 'empty', 'field_mask', 'struct', 'timestamp', 'wrappers']
const PACKAGE = 'google.protobuf'

export type EncodedMessage = { readonly ok: true, readonly bytes: Buffer } | { readonly ok: false, readonly problem: string }

/** Messages of protobuf out of the JSON that they are shown as (https://protobuf.dev/programming-guides/json/), by types that were given. */
export class MessageEncoding {
  readonly #roots: readonly protobuf.Root[]

  /** @param descriptorSets serialized google.protobuf.FileDescriptorSet messages; one that is broken has no types */
  constructor(descriptorSets: readonly Uint8Array[]) {
    const { install } = protojson as unknown as { install(of: typeof protobuf): void }
    install(protobuf)
    this.#roots = descriptorSets.map(rootOf).filter((root) => root !== undefined)
  }

  /** @param typeName full name of the message */
  encode(typeName: string, json: unknown): EncodedMessage {
    const type = this.#typeOf(typeName)
    if (type === undefined) return { ok: false, problem: `the type ${typeName} is not known: give it with --proto` }
    try {
      return { ok: true, bytes: Buffer.from(type.encode(type.fromJson(json)).finish()) }
    } catch (error) {
      return { ok: false, problem: `this is no ${typeName}: ${(error as Error).message}` }
    }
  }

  #typeOf(name: string): protobuf.Type | undefined {
    for (const root of this.#roots) {
      const found = root.lookup(name, protobuf.Type)
      if (found instanceof protobuf.Type) return found
    }
    return undefined
  }
}

interface FileJson { package?: string, messageType?: { name?: string }[], enumType?: { name?: string }[] }

function rootOf(set: Uint8Array): protobuf.Root | undefined {
  try {
    const { file } = descriptor.FileDescriptorSet.toObject(descriptor.FileDescriptorSet.decode(set)) as { file: FileJson[] }
    const { fromDescriptor } = protobuf.Root as unknown as { fromDescriptor(set: unknown): protobuf.Root }
    return fromDescriptor(descriptor.FileDescriptorSet.fromObject({ file: [...file, ...wellKnownBeside(file)] }))
  } catch {
    return undefined
  }
}

/** The well-known types that a set does not have itself. */
function wellKnownBeside(files: readonly FileJson[]): FileJson[] {
  const own = new Set(files.filter((file) => file.package === PACKAGE).flatMap((file) => [...file.messageType ?? [], ...file.enumType ?? []].map(({ name }) => name)))
  const isMissing = ({ name }: { name?: string }): boolean => !own.has(name)
  const root = new protobuf.Root()
  for (const name of WELL_KNOWN) root.addJSON(protobuf.common.get(`google/protobuf/${name}.proto`)!.nested!)
  root.resolveAll()
  const { toDescriptor } = root as unknown as { toDescriptor(edition: string): protobuf.Message }
  const { file } = descriptor.FileDescriptorSet.toObject(toDescriptor.call(root, 'proto3')) as { file: FileJson[] }
  return file.map((one) => ({ ...one, messageType: (one.messageType ?? []).filter(isMissing), enumType: (one.enumType ?? []).filter(isMissing) }))
}
