import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { after } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { KeyLogs } from '../capture/key-logs.ts'
import { DEFAULT_SETTINGS } from '../protocols/protocol.ts'
import { jsonLine } from './json-line.ts'
import { tapFile } from './offline.ts'

const DECRYPTION_SECRETS_BLOCK = 10
const folder = mkdtempSync(join(tmpdir(), 'mtlscope-secrets-'))
after(() => { rmSync(folder, { recursive: true }) })
const capture = readFileSync(new URL('../../test/fixtures/captures/decrypted-envoy.pcapng', import.meta.url))

/** The blocks of the capture, in host byte order as editcap wrote them. */
function blocks(): Buffer[] {
  const list: Buffer[] = []
  for (let at = 0; at < capture.length; at += capture.readUInt32LE(at + 4)) list.push(capture.subarray(at, at + capture.readUInt32LE(at + 4)))
  return list
}

const isSecrets = (block: Buffer): boolean => block.readUInt32LE(0) === DECRYPTION_SECRETS_BLOCK

async function messagesOf(parts: readonly Buffer[], keyLogs?: KeyLogs): Promise<string[]> {
  const path = join(folder, 'capture.pcapng')
  writeFileSync(path, Buffer.concat(parts))
  const lines: string[] = []
  await tapFile(path, { settings: { ...DEFAULT_SETTINGS, ciphertextTurns: true }, keyLogs }, { message: (flow, m) => lines.push(jsonLine(flow, m)) }, () => {})
  keyLogs?.close()
  return lines
}

const what = (lines: readonly string[]): unknown[] => lines.map((line) => (JSON.parse(line) as { what: string }).what)

test('secrets in the capture are used without being asked for', async () => {
  assert.deepEqual(what(await messagesOf(blocks())), ['TLS 1.3 handshake cart', 'GET /json', 'GET /length', 'TLS 1.3 closed cart'])
})

test('secrets that stand behind the packets serve as well, where some are expected', async () => {
  const secrets = blocks().filter(isSecrets)
  const rest = blocks().filter((block) => !isSecrets(block))
  assert.equal(secrets.length, 1)
  const empty = join(folder, 'empty')
  writeFileSync(empty, '')
  assert.deepEqual(await messagesOf([...rest, ...secrets], new KeyLogs([empty])), await messagesOf(blocks()))
})

test('what decrypts quickly is loaded as soon as a file brings secrets, and for no other file', async () => {
  const isSecretless = blocks().filter((block) => !isSecrets(block))
  for (const [parts, isLoaded] of [[blocks(), true], [isSecretless, false]] as const) {
    const keyLogs = new KeyLogs([])
    await messagesOf(parts, keyLogs)
    for (let turn = 0; isLoaded && keyLogs.secrets.crypto === undefined && turn < 1000; turn++) await setTimeout(10)
    assert.equal(keyLogs.secrets.crypto !== undefined, isLoaded)
  }
})

test('without them the same connection is ciphertext', async () => {
  const lines = await messagesOf(blocks().filter((block) => !isSecrets(block)))
  // Two requests, and the closing alerts, which nobody can tell from data.
  assert.deepEqual(what(lines), ['TLS 1.3 handshake cart', 'ciphertext', 'ciphertext', 'ciphertext', 'TLS 1.3 closed cart'])
  assert.ok(lines.every((line) => !line.includes('decrypted')))
})
