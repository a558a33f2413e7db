import protobuf from 'protobufjs'
import descriptor from 'protobufjs/ext/descriptor.js'
import { MtlscopeError } from '../base/errors.ts'
import { TYPE } from '../protocols/protobuf/types.ts'
import { ProtoNames, nameOf } from './proto-names.ts'
import type { ParsedProtos } from './proto-parsing.ts'
import { lineOf } from './proto-parsing.ts'

const OPTIONAL = 1
const REPEATED = 3

interface FieldJson { name: string, number: number, label: number, type: number, typeName?: string, jsonName?: string, oneofIndex?: number, proto3Optional?: boolean, extendee?: string }
interface EnumJson { name: string, value: { name: string, number: number }[] }
interface MessageJson { name: string, field: FieldJson[], nestedType: MessageJson[], enumType: EnumJson[], oneofDecl: { name: string }[], extension: FieldJson[], options?: { mapEntry: true } }
interface ServiceJson { name: string, method: { name: string, inputType: string, outputType: string }[] }
interface FileJson { name: string, package: string, messageType: MessageJson[], enumType: EnumJson[], service: ServiceJson[], extension: FieldJson[] }

/**
 * A serialized google.protobuf.FileDescriptorSet of all types, one file a package. protobufjs has a conversion of its own, which writes
 * names relative to where they stand; here they are whole.
 * @throws MtlscopeError bad-schema where a type is not there.
 */
export function descriptorSetOf(protos: ParsedProtos): Uint8Array {
  const files: FileJson[] = []
  new Conversion(protos).space(protos.root, files)
  const { FileDescriptorSet } = descriptor
  return FileDescriptorSet.encode(FileDescriptorSet.fromObject({ file: files })).finish()
}

class Conversion {
  readonly #protos: ParsedProtos
  readonly #names: ProtoNames

  constructor(protos: ParsedProtos) {
    this.#protos = protos
    this.#names = new ProtoNames(protos.root)
  }

  /** A package and those within it. */
  space(space: protobuf.NamespaceBase, files: FileJson[]): void {
    const name = nameOf(space)
    const file: FileJson = { name: `${name === '' ? 'root' : name}.proto`, package: name, messageType: [], enumType: [], service: [], extension: [] }
    for (const object of space.nestedArray) {
      if (object instanceof protobuf.Type) file.messageType.push(this.#message(object))
      else if (object instanceof protobuf.Enum) file.enumType.push(enumJson(object))
      else if (object instanceof protobuf.Service) file.service.push(this.#service(object))
      else if (object instanceof protobuf.Field) file.extension.push(...this.#extension(object))
      else if (object instanceof protobuf.Namespace) this.space(object, files)
    }
    files.push(file)
  }

  #message(type: protobuf.Type): MessageJson {
    const message: MessageJson = { name: type.name, field: [], nestedType: [], enumType: [], oneofDecl: type.oneofsArray.map(({ name }) => ({ name })), extension: [] }
    for (const object of type.nestedArray) {
      if (object instanceof protobuf.Type) message.nestedType.push(this.#message(object))
      else if (object instanceof protobuf.Enum) message.enumType.push(enumJson(object))
      else if (object instanceof protobuf.Field) message.extension.push(...this.#extension(object))
    }
    for (const field of type.fieldsArray) {
      if (field instanceof protobuf.MapField) message.field.push(this.#map(field, message))
      else message.field.push(this.#field(field, type))
    }
    return message
  }

  #field(field: protobuf.Field, parent: protobuf.Type | undefined): FieldJson {
    const oneof = parent === undefined || field.partOf === null ? -1 : parent.oneofsArray.indexOf(field.partOf)
    const jsonName = field.options?.json_name as string | undefined
    return {
      name: field.name, number: field.id, label: field.rule === 'repeated' ? REPEATED : OPTIONAL, ...this.#type(field.type, field),
      ...jsonName !== undefined && { jsonName }, ...oneof >= 0 && { oneofIndex: oneof }, ...field.options?.proto3_optional === true && { proto3Optional: true },
    }
  }

  /** A list of entries, for which a type of their own is added to the message. */
  #map(field: protobuf.MapField, message: MessageJson): FieldJson {
    const name = `${field.name.replace(/(?:^|_)([a-z])/g, (_, letter: string) => letter.toUpperCase())}Entry`
    message.nestedType.push({
      name, nestedType: [], enumType: [], oneofDecl: [], extension: [], options: { mapEntry: true },
      field: [
        { name: 'key', number: 1, label: OPTIONAL, ...this.#type(field.keyType, field) },
        { name: 'value', number: 2, label: OPTIONAL, ...this.#type(field.type, field) },
      ],
    })
    const jsonName = field.options?.json_name as string | undefined
    return {
      name: field.name, number: field.id, label: REPEATED, type: TYPE.message, typeName: `.${nameOf(field.parent!)}.${name}`,
      ...jsonName !== undefined && { jsonName },
    }
  }

  /** None where nobody knows what it extends: most extend the options of descriptors, which are on no wire. */
  #extension(field: protobuf.Field): FieldJson[] {
    const extendee = this.#names.resolve(field.extend ?? '', nameOf(field.parent!))
    return extendee === undefined || extendee.name.startsWith('google.protobuf.') ? [] : [{ ...this.#field(field, undefined), extendee: `.${extendee.name}` }]
  }

  #type(name: string, field: protobuf.FieldBase): { type: number, typeName?: string } {
    if (name in TYPE && name !== 'message' && name !== 'group' && name !== 'enum') return { type: TYPE[name as keyof typeof TYPE] }
    const found = this.#resolved(name, field, new RegExp(`\\b${field.name}\\s*=\\s*${field.id}\\b`))
    return { type: found.isEnum ? TYPE.enum : TYPE.message, typeName: `.${found.name}` }
  }

  #service(service: protobuf.Service): ServiceJson {
    return {
      name: service.name,
      method: service.methodsArray.map((method) => {
        const place = new RegExp(`\\brpc\\s+${method.name}\\b`)
        const [input, output] = [method.requestType, method.responseType].map((name) => `.${this.#resolved(name, method, place).name}`)
        return { name: method.name, inputType: input!, outputType: output! }
      }),
    }
  }

  #resolved(name: string, object: protobuf.ReflectionObject, place: RegExp): { name: string, isEnum: boolean } {
    const found = this.#names.resolve(name, nameOf(object.parent!))
    if (found !== undefined) return found
    const path = fileOf(object)
    const line = lineOf(this.#protos.texts.get(path) ?? '', place)
    const missing = this.#protos.missing.filter(({ file }) => file === path).map((entry) => entry.name)
    throw new MtlscopeError('bad-schema', `${path}:${line}: no type is called ${name}`, {
      hint: missing.length === 0 ? 'give the folder that holds all of them' : `it imports ${missing.join(', ')}, which is not there: give the folder that holds it too`,
      facts: { path, line },
    })
  }
}

function enumJson({ name, values }: protobuf.Enum): EnumJson {
  return { name, value: Object.entries(values).map(([value, number]) => ({ name: value, number })) }
}

function fileOf(object: protobuf.ReflectionObject): string {
  for (let at: protobuf.ReflectionObject | null = object; at !== null; at = at.parent) if (at.filename !== null) return at.filename
  return ''
}
