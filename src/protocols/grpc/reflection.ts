import type { Settings } from '../protocol.ts'
import type { Schemas } from '../protobuf/schemas.ts'
import { schemasOf } from '../protobuf/schemas.ts'
import { LENGTH_DELIMITED, WireReader } from '../protobuf/wire-reader.ts'
import type { GrpcHalf } from './half.ts'
import { payloadsOf } from './message-view.ts'

const SERVICE = /^grpc\.reflection\.v1(?:alpha)?\.ServerReflection$/
const METHOD = 'ServerReflectionInfo'
/** Of ServerReflectionResponse, and of the FileDescriptorResponse within. */
const FILE_DESCRIPTOR_RESPONSE = 4
const FILE_DESCRIPTOR_PROTO = 1

/** Learns the types that a server told by reflection (https://grpc.io/docs/guides/reflection/). A note where there was no room for all. */
export function learnFrom(service: string, method: string, response: GrpcHalf, settings: Settings): string | undefined {
  if (method !== METHOD || !SERVICE.test(service) || response.http.body().length === 0) return undefined
  const schemas = schemasOf(settings)
  let isFull = false
  for (const { bytes, isCut } of payloadsOf(response, settings.bodyLimitBytes)) if (!isCut && !learnMessage(bytes, schemas)) isFull = true
  return isFull ? 'not all types of this answer were learned: too many are known by now' : undefined
}

function learnMessage(bytes: Uint8Array, schemas: Schemas): boolean {
  let hasRoom = true
  forEach(bytes, FILE_DESCRIPTOR_RESPONSE, (answer) => forEach(answer, FILE_DESCRIPTOR_PROTO, (file) => {
    hasRoom = schemas.learn(file) && hasRoom
  }))
  return hasRoom
}

function forEach(bytes: Uint8Array, field: number, take: (part: Uint8Array) => void): void {
  const reader = new WireReader(bytes)
  while (reader.at < reader.end && reader.tag()) {
    const { at } = reader
    if (reader.field === field && reader.wireType === LENGTH_DELIMITED) {
      const length = reader.length()
      if (length < 0 || length > reader.end - reader.at) return
      take(bytes.subarray(reader.at, reader.at + length))
      reader.at = at
    }
    if (!reader.skip()) return
  }
}
