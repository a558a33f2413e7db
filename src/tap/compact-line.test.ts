import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { FlowInfo } from '../model/flow.ts'
import type { Message } from '../model/message.ts'
import type { CompactOptions } from './compact-line.ts'
import { CompactLines } from './compact-line.ts'
import { LineBytes } from './line-bytes.ts'

const flow: FlowInfo = {
  id: '1', client: { ip: '10.0.0.1', port: 40000, name: 'web' }, server: { ip: 'fd00::2', port: 80 },
  capture: 'pcap', hop: 'wire', firstMicros: 0,
}
const message: Message = {
  protocol: 'http1', atMicros: 1_700_000_000_123_456, elapsedMicros: 1900, what: 'GET /cart/7', status: 200, outcome: 'ok',
  request: {}, response: {}, complete: true, notes: [],
}

function lineOf(options: CompactOptions, of: FlowInfo, m: Message): string {
  const bytes = new LineBytes()
  new CompactLines(options).add(bytes, of, m)
  return Buffer.from(bytes.bytes).toString()
}

test('a plaintext hop on a wire is named as such', () => {
  const line = lineOf({ colour: false, utc: true }, flow, message)
  assert.equal(line, ' 22:13:20.123  web       → [fd00::2]:80  http1     GET /cart/7                                       200    1.9 ms  ─── CLEAR on the wire\n')
})

test('a clear hop inside a pod is grey and never red', () => {
  const line = lineOf({ colour: true, utc: true }, { ...flow, hop: 'clear' }, message)
  assert.ok(line.includes('\x1b[90m─── clear, inside\x1b[0m'))
  assert.ok(!line.includes('\x1b[31m'))
})

test('where several namespaces are captured, each line says which, and a long path loses its middle', () => {
  const long = { ...message, what: `GET /${'a'.repeat(40)}/end` }
  const line = lineOf({ colour: false, utc: true }, { ...flow, hop: 'clear', namespace: 'web-1' }, long)
  assert.ok(line.startsWith(' 22:13:20.123  web-1  web       → '))
  assert.match(line, /http1     GET \/a+…a+\/end {6}200 /)
})

test('a half says why it is one, and peer bytes cannot steer the terminal', () => {
  const half = { ...message, what: 'GET /\x1b]0;x\x07', status: undefined, outcome: 'none', complete: false, notes: ['no answer was seen'] } as const
  const line = lineOf({ colour: false, utc: true }, flow, half)
  assert.ok(line.includes('GET /\\x1b]0;x\\x07'))
  assert.ok(line.includes('–') && line.includes('(no answer was seen)'))
})

test('what was decrypted is not said to be in the clear', () => {
  const decrypted = { ...message, decrypted: true }
  assert.match(lineOf({ colour: true, utc: true }, flow, decrypted), /  ═══ TLS, decrypted$/m)
  assert.match(lineOf({ colour: false, utc: true, columns: 80 }, flow, decrypted), /  ═══ read$/m)
})

test('a narrow terminal takes from the path and shortens the words, so that a line fits', () => {
  const long = { ...message, what: `GET /${'a'.repeat(40)}/end` }
  const line = lineOf({ colour: false, utc: true, columns: 80 }, { ...flow, server: { ip: '10.0.0.2', port: 8080, name: 'cart' } }, long)
  assert.match(line, /GET \/a+…a+\/end  200 .*─── CLEAR$/m)
  assert.equal(line.length, 80 + 1)
})

test('a long status stands at the end and leaves the columns alone', () => {
  const hello = { ...message, protocol: 'tls', what: 'TLS 1.3 handshake cart', status: 'TLS_AES_128_GCM_SHA256' }
  const line = lineOf({ colour: false, utc: true }, flow, hello)
  assert.match(line, /TLS 1\.3 handshake cart {35}1\.9 ms {2}═══ encrypted {2}TLS_AES_128_GCM_SHA256\n$/)
})

test('messages that are alike have the line of one alone, also where the status stands at the end', () => {
  for (const m of [{ ...message, status: 'OK' }, { ...message, status: 'NXDOMAIN', outcome: 'client-error' as const, elapsedMicros: 12 }]) {
    for (const colour of [false, true]) {
      const likeness = { note: undefined }
      const compact = new CompactLines({ colour, utc: true })
      const bytes = new LineBytes()
      for (let i = 0; i < 4; i++) compact.add(bytes, flow, { ...m, likeness })
      assert.equal(Buffer.from(bytes.bytes).toString(), lineOf({ colour, utc: true }, flow, m).repeat(4))
    }
  }
})
