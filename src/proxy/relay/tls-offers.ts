import { allocateAt, bytesAt, copyAt, freeAt } from '../../sys/memory.ts'
import * as ssl from '../../sys/openssl.ts'

const ALPN_OK = 0
const ALPN_NONE = 3
/** Lists and names that are kept; when there are more all are forgotten. */
const MAX_KEPT = 1024
/** Longer offers are looked at where they lie. */
const OFFERED_BYTES = 512

const offeredMemory = allocateAt(OFFERED_BYTES)
const offeredBytes = bytesAt(offeredMemory, OFFERED_BYTES)
/** By the names, each before a NUL. */
const lists = new Map<string, Uint8Array>()
/** Addresses of texts that end with a NUL. */
const serverNames = new Map<string, number>()

/** What one connection offers instead of what its context does. */
export function offerProtocols(connection: number, names: readonly string[]): void {
  const key = names.join('\0')
  let list = lists.get(key)
  if (list === undefined) {
    list = protocolList(names)
    if (lists.size >= MAX_KEPT) lists.clear()
    lists.set(key, list)
  }
  ssl.SSL_set_alpn_protos(connection, list, list.length)
}

/** ProtocolNameList (RFC 7301 §3.1), best first, without the length of the whole. */
export function protocolList(names: readonly string[]): Uint8Array {
  return Buffer.concat(names.flatMap((name) => [Buffer.of(name.length), Buffer.from(name, 'latin1')]))
}

/** The server name that a client's connection says (RFC 6066 §3). */
export function offerServerName(connection: number, name: string): void {
  let address = serverNames.get(name)
  if (address === undefined) {
    if (serverNames.size >= MAX_KEPT) forgetServerNames()
    address = textAt(name)
    serverNames.set(name, address)
  }
  // OpenSSL copies it.
  ssl.SSL_ctrl(connection, ssl.SSL_CTRL_SET_TLSEXT_HOSTNAME, 0, address)
}

function textAt(name: string): number {
  const text = Buffer.from(`${name}\0`, 'latin1')
  const address = allocateAt(text.length)
  bytesAt(address, text.length).set(text)
  return address
}

function forgetServerNames(): void {
  for (const address of serverNames.values()) freeAt(address)
  serverNames.clear()
}

/** Callbacks by protocol names. They are kept for good: a connection of a context that was replaced may still be in its handshake. */
const alpnCallbacks = new Map<string, bigint>()

/** RFC 7301 §3.2: the first of ours that the client offers; otherwise nothing is said of ALPN, and the client decides. */
export function alpnCallback(protocols: readonly string[]): bigint {
  const key = protocols.join(' ')
  const known = alpnCallbacks.get(key)
  if (known !== undefined) return known
  const answers = protocols.map(alpnAnswer)
  const { address } = ssl.registerAlpnSelect((_ssl, out, outLength, offered, offeredLength) => {
    const answer = findAnswer(answers, offered, offeredLength)
    if (answer === undefined) return ALPN_NONE
    copyAt(out, answer.memory + answer.name.length, 8)
    copyAt(outLength, answer.memory + answer.name.length + 8, 1)
    return ALPN_OK
  })
  alpnCallbacks.set(key, address)
  return address
}

interface AlpnAnswer { readonly name: Uint8Array, readonly memory: number }

/** The name, its address, its length: what the callback hands over by reference. */
function alpnAnswer(protocol: string): AlpnAnswer {
  const name = Buffer.from(protocol, 'latin1')
  const memory = allocateAt(name.length + 9)
  const bytes = bytesAt(memory, name.length + 9)
  bytes.set(name)
  new DataView(bytes.buffer, bytes.byteOffset).setBigUint64(name.length, BigInt(memory), true)
  bytes[name.length + 8] = name.length
  return { name, memory }
}

function findAnswer(answers: readonly AlpnAnswer[], offered: number, sizeBytes: number): AlpnAnswer | undefined {
  const isShort = sizeBytes <= OFFERED_BYTES
  if (isShort) copyAt(offeredMemory, offered, sizeBytes)
  const list = isShort ? offeredBytes : bytesAt(offered, sizeBytes)
  for (const answer of answers) if (offers(list, sizeBytes, answer.name)) return answer
  return undefined
}

/** `list`: names, each after a byte of its length, in the first `sizeBytes`. */
function offers(list: Uint8Array, sizeBytes: number, wanted: Uint8Array): boolean {
  for (let at = 0; at < sizeBytes; at += 1 + list[at]) {
    if (list[at] === wanted.length && at + wanted.length < sizeBytes && isNameAt(list, at + 1, wanted)) return true
  }
  return false
}

function isNameAt(list: Uint8Array, at: number, wanted: Uint8Array): boolean {
  for (let i = 0; i < wanted.length; i++) if (list[at + i] !== wanted[i]) return false
  return true
}
