import { hexOf, plainText, textOf } from '../sql/byte-text.ts'
import type { Redactor } from '../redaction.ts'
import { COMPRESS, CONNECT_ATTRIBUTES, CONNECT_WITH_DB, MYSQL, PLUGIN_AUTH, PLUGIN_AUTH_LENENC, PROTOCOL_41, SECURE_CONNECTION, SSL, ZSTD, statusNames } from './capabilities.ts'
import { MAX_ATTRIBUTES } from './limits.ts'
import { PacketReader } from './packet-reader.ts'

export interface Greeting {
  readonly serverVersion: string
  readonly connectionId: number
  readonly capabilities: number
  readonly mariadbCapabilities: number
  readonly charset: number
  readonly status: number
  readonly plugin: string | undefined
}

/** The server's first packet (§ HandshakeV10). */
function parseGreeting(body: string): Greeting {
  const reader = new PacketReader(body, 1)
  const serverVersion = textOf(reader.text())
  const connectionId = reader.u32()
  reader.take(9)
  const low = reader.u16()
  const charset = reader.u8()
  const status = reader.u16()
  const capabilities = low | reader.u16() << 16
  const dataBytes = reader.u8()
  reader.take(6)
  const extra = reader.u32()
  reader.take(Math.max(13, dataBytes - 8))
  const plugin = (capabilities & PLUGIN_AUTH) !== 0 ? textOf(reader.text()) : undefined
  return { serverVersion, connectionId, capabilities, mariadbCapabilities: (low & MYSQL) === 0 ? extra : 0, charset, status, plugin }
}

export interface Login {
  readonly capabilities: number
  readonly mariadbCapabilities: number
  readonly user: string
  readonly secret: string
  readonly database: string | undefined
  readonly plugin: string | undefined
  readonly charset: number
  readonly maxPacketBytes: number
  readonly attributes: Record<string, string> | undefined
}

/** The client's first packet (§ HandshakeResponse41, or HandshakeResponse320 of clients before 4.1). */
export function parseLogin(body: string): Login {
  const reader = new PacketReader(body)
  const capabilities = reader.u16()
  if ((capabilities & PROTOCOL_41) === 0) return parseOldLogin(reader, capabilities)
  return parseNewLogin(reader, capabilities | reader.u16() << 16)
}

function parseOldLogin(reader: PacketReader, capabilities: number): Login {
  const maxPacketBytes = reader.u24()
  const user = textOf(reader.text())
  const hasDatabase = (capabilities & CONNECT_WITH_DB) !== 0
  const secret = hasDatabase ? reader.text() : reader.rest().replace(/\0$/, '')
  const database = hasDatabase ? textOf(reader.text()) : undefined
  return { capabilities, mariadbCapabilities: 0, user, secret, database, plugin: undefined, charset: 0, maxPacketBytes, attributes: undefined }
}

function parseNewLogin(reader: PacketReader, capabilities: number): Login {
  const maxPacketBytes = reader.u32()
  const charset = reader.u8()
  reader.take(19)
  const mariadbCapabilities = (capabilities & MYSQL) === 0 ? reader.u32() : (reader.take(4), 0)
  const user = textOf(reader.text())
  const secret = secretOf(reader, capabilities)
  const database = (capabilities & CONNECT_WITH_DB) !== 0 && reader.left > 0 ? textOf(reader.text()) : undefined
  const plugin = (capabilities & PLUGIN_AUTH) !== 0 && reader.left > 0 ? textOf(reader.text()) : undefined
  const attributes = (capabilities & CONNECT_ATTRIBUTES) !== 0 && reader.left > 0 ? parseAttributes(reader) : undefined
  return { capabilities, mariadbCapabilities, user, secret, database, plugin, charset, maxPacketBytes, attributes }
}

function secretOf(reader: PacketReader, capabilities: number): string {
  if ((capabilities & PLUGIN_AUTH_LENENC) !== 0) return reader.string() ?? ''
  if ((capabilities & SECURE_CONNECTION) !== 0) return reader.take(reader.u8())
  return reader.text()
}

function parseAttributes(reader: PacketReader): Record<string, string> {
  const end = reader.lenenc() + reader.at
  const attributes: Record<string, string> = {}
  for (let count = 0; reader.at < end && reader.ok && count < MAX_ATTRIBUTES; count++) {
    const name = textOf(reader.string() ?? '')
    const value = textOf(reader.string() ?? '')
    if (reader.ok && name !== '__proto__') attributes[name] = value
  }
  return attributes
}

export function greetingView(body: string): object {
  const { serverVersion, connectionId, charset, status, plugin } = parseGreeting(body)
  return { serverVersion, connectionId, characterSet: charset, serverStatus: statusNames(status), defaultAuthentication: plugin }
}

/** `pieces`: what the client sent later in the same authentication. */
export function loginView(body: string, pieces: readonly string[], redactor: Redactor): object {
  const { capabilities, user, secret, database, plugin, charset, maxPacketBytes, attributes } = parseLogin(body)
  return {
    user, database, authentication: plugin, password: secret === '' ? undefined : secretView(secret, redactor),
    ...piecesView(pieces, redactor),
    characterSet: charset, maxPacketBytes, compression: compressionOf(capabilities), tls: (capabilities & SSL) !== 0 ? true : undefined, attributes,
  }
}

function piecesView(pieces: readonly string[], redactor: Redactor): object {
  return { responses: pieces.length === 0 ? undefined : pieces.map((piece) => secretView(piece, redactor)) }
}

function secretView(secret: string, redactor: Redactor): string {
  return redactor.credential(plainText(secret.replace(/\0$/, '')) ?? hexOf(secret))
}

function compressionOf(capabilities: number): string | undefined {
  if ((capabilities & COMPRESS) !== 0) return 'zlib'
  return (capabilities & ZSTD) !== 0 ? 'zstd' : undefined
}

const FAST_OK = 3
const FULL = 4

/** What the server said between the login and its end: `auth switch to mysql_native_password`, `full authentication`, … */
export function authenticationSteps(packets: readonly string[]): string[] {
  return packets.map((packet) => {
    const first = packet.charCodeAt(0)
    if (first === 0xfe) return packet.length === 1 ? 'switch to mysql_old_password' : `switch to ${textOf(new PacketReader(packet, 1).text())}`
    if (first !== 1) return 'more'
    const kind = packet.charCodeAt(1)
    if (packet.length === 2) return kind === FAST_OK ? 'fast authentication succeeded' : kind === FULL ? 'full authentication requested' : 'more'
    return packet.includes('PUBLIC KEY') ? 'public key' : 'more'
  })
}

/** COM_CHANGE_USER: user, answer to the challenge, database, character set, plug-in, attributes. */
export function changeUserView(body: string, capabilities: number, pieces: readonly string[], redactor: Redactor): object {
  const reader = new PacketReader(body, 1)
  const user = textOf(reader.text())
  const secret = reader.take(reader.u8())
  const database = textOf(reader.text())
  const charset = reader.left > 0 ? reader.u16() : undefined
  const plugin = reader.left > 0 ? textOf(reader.text()) : undefined
  const attributes = (capabilities & CONNECT_ATTRIBUTES) !== 0 && reader.left > 0 ? parseAttributes(reader) : undefined
  return {
    user, database: database === '' ? undefined : database, authentication: plugin, password: secret === '' ? undefined : secretView(secret, redactor),
    ...piecesView(pieces, redactor), characterSet: charset, attributes,
  }
}
