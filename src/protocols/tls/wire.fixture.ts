/** Builds TLS bytes for tests, field by field. */
export const u8 = (value: number): Buffer => Buffer.from([value])
export const u16 = (...values: number[]): Buffer => Buffer.concat(values.map((value) => Buffer.from([value >> 8, value & 0xff])))
export const u24 = (value: number): Buffer => Buffer.from([value >> 16, value >> 8 & 0xff, value & 0xff])

/** The bytes with their length in front, in `lengthBytes` bytes. */
export function vector(lengthBytes: 1 | 2 | 3, ...parts: Uint8Array[]): Buffer {
  const body = Buffer.concat(parts)
  const length = lengthBytes === 1 ? u8(body.length) : lengthBytes === 2 ? u16(body.length) : u24(body.length)
  return Buffer.concat([length, body])
}

export function recordOf(type: number, body: Uint8Array, version = 0x0303): Buffer {
  return Buffer.concat([u8(type), u16(version), vector(2, body)])
}

export function messageOf(type: number, body: Uint8Array): Buffer {
  return Buffer.concat([u8(type), vector(3, body)])
}

export const data = (length: number): Buffer => recordOf(23, Buffer.alloc(length, 0x61))

export interface HelloParts {
  version?: number
  random?: Uint8Array
  sessionId?: Uint8Array
  suites?: number[]
  extensions?: [number, Uint8Array][]
}

/** Body of a ClientHello. */
export function clientHelloBody(parts: HelloParts = {}): Buffer {
  return Buffer.concat([
    u16(parts.version ?? 0x0303), parts.random ?? Buffer.alloc(32, 7), vector(1, parts.sessionId ?? Buffer.alloc(0)),
    vector(2, u16(...parts.suites ?? [0x1301])), vector(1, u8(0)), extensionsOf(parts),
  ])
}

/** Body of a ServerHello. */
export function serverHelloBody(suite: number, parts: HelloParts = {}): Buffer {
  return Buffer.concat([
    u16(parts.version ?? 0x0303), parts.random ?? Buffer.alloc(32, 9), vector(1, parts.sessionId ?? Buffer.alloc(0)),
    u16(suite), u8(0), extensionsOf(parts),
  ])
}

function extensionsOf({ extensions }: HelloParts): Buffer {
  if (extensions === undefined) return Buffer.alloc(0)
  return vector(2, ...extensions.map(([type, body]) => Buffer.concat([u16(type), vector(2, body)])))
}

export const clientHello = (parts?: HelloParts): Buffer => recordOf(22, messageOf(1, clientHelloBody(parts)), 0x0301)
export const serverHello = (suite: number, parts?: HelloParts): Buffer => recordOf(22, messageOf(2, serverHelloBody(suite, parts)))

const SUPPORTED_VERSIONS = 43
/** A ClientHello and a ServerHello that agree on TLS 1.3. */
export const clientHello13 = (parts: HelloParts = {}): Buffer =>
  clientHello({ ...parts, extensions: [[SUPPORTED_VERSIONS, vector(1, u16(0x0304))], ...parts.extensions ?? []] })
export const serverHello13 = (suite = 0x1301, parts: HelloParts = {}): Buffer =>
  serverHello(suite, { ...parts, extensions: [[SUPPORTED_VERSIONS, u16(0x0304)], ...parts.extensions ?? []] })
export const changeCipherSpec = recordOf(20, u8(1))
