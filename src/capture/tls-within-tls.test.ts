import assert from 'node:assert/strict'
import { once } from 'node:events'
import net from 'node:net'
import { test } from 'node:test'
import nodeTls from 'node:tls'
import type { RecordCrypto } from '../base/record-crypto.ts'
import type { Message } from '../model/message.ts'
import { CLIENT, SERVER } from '../model/side.ts'
import type { Step } from '../protocols/contract.fixture.ts'
import { Conversation } from '../protocols/conversation.ts'
import { DEFAULT_SETTINGS } from '../protocols/protocol.ts'
import { makePki } from '../protocols/tls/pki.fixture.ts'
import { Recorder, portOf, startServer, talk } from '../protocols/tls/recording.fixture.ts'
import { TLS_KEY_LOG, TlsSecrets } from '../protocols/tls/secrets.ts'
import { tls } from '../protocols/tls/tls.ts'
import { recordCrypto } from '../sys/record-crypto.ts'

const pki = await makePki()

/** A connection of TLS that carries another one, and the secrets of both. */
async function recordBoth(version: 'TLSv1.2' | 'TLSv1.3', ciphers?: string): Promise<{ steps: Step[], keyLog: string }> {
  const inner = await startServer(pki.server)
  const outer = nodeTls.createServer({ ...pki.server, maxVersion: version, ciphers }, (socket) => {
    const onward = net.connect(portOf(inner), '127.0.0.1')
    for (const each of [socket, onward]) each.on('error', () => { each.destroy() })
    socket.pipe(onward).pipe(socket)
  })
  outer.listen(0, '127.0.0.1')
  await once(outer, 'listening')
  const recorder = new Recorder(portOf(outer))
  try {
    const socket = nodeTls.connect({ host: '127.0.0.1', port: await recorder.listen(), ca: pki.ca, servername: 'cart.shop.example' })
    let keyLog = ''
    socket.on('keylog', (line: Buffer) => { keyLog += line.toString() })
    await once(socket, 'secureConnect')
    const witness = await talk(0, { socket, ca: pki.ca })
    return { steps: recorder.steps, keyLog: keyLog + witness.keyLog }
  } finally {
    await recorder.close()
    outer.close()
    inner.close()
  }
}

function read(steps: readonly Step[], keyLog: string, crypto?: RecordCrypto): { what: string, response: unknown, notes: readonly string[] }[] {
  const secrets = new TlsSecrets()
  secrets.block(TLS_KEY_LOG, Buffer.from(keyLog))
  secrets.crypto = crypto
  const messages: Message[] = []
  const conversation = new Conversation({ message: (m) => { messages.push(m) }, malformed() {} }, {
    protocols: [tls], settings: { ...DEFAULT_SETTINGS, secrets: secrets.desk() }, serverPort: 443, joinedLate: () => false,
  })
  for (const { side, bytes, at } of steps) conversation.data(side, bytes, at)
  for (const side of [CLIENT, SERVER] as const) conversation.end(side, 1_000_000)
  return messages.map(({ what, response, notes }) => ({ what, response, notes }))
}

for (const [version, ciphers] of [['TLSv1.3', undefined], ['TLSv1.2', 'ECDHE-ECDSA-AES128-SHA256']] as const) {
  test(`TLS within ${version} is read by both ways of decrypting, the many records of a flight in one record around them`, async () => {
    const { steps, keyLog } = await recordBoth(version, ciphers)
    const said = read(steps, keyLog, recordCrypto)
    const whats = said.map(({ what }) => what)
    assert.equal(whats.filter((what) => what.includes('handshake cart.shop.example')).length, 2, whats.join())
    assert.ok(whats.includes('4 bytes out, 4 bytes in'), whats.join())
    assert.deepEqual(said, read(steps, keyLog))
  })
}
