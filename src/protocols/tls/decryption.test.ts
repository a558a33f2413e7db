import assert from 'node:assert/strict'
import test from 'node:test'
import type { Side } from '../../model/side.ts'
import { CLIENT, SERVER } from '../../model/side.ts'
import type { Step } from '../contract.fixture.ts'
import { cutSteps, listen, plainMessage } from '../contract.fixture.ts'
import type { Dissector, Settings } from '../protocol.ts'
import { DEFAULT_SETTINGS } from '../protocol.ts'
import { MAX_WAITING_BYTES, MAX_WAITING_MICROS } from './limits.ts'
import { NO_SECRETS, WRONG_SECRETS } from './session-host.ts'
import { CLIENT_ID, makePki } from './pki.fixture.ts'
import { record } from './recording.fixture.ts'
import type { SecretDesk } from './secrets.ts'
import { TLS_KEY_LOG, TlsSecrets } from './secrets.ts'
import { tls } from './tls.ts'
import { data } from './wire.fixture.ts'

interface Facts { [key: string]: unknown }

const pki = await makePki()
const server = { ...pki.server, ca: pki.ca, requestCert: true, ALPNProtocols: ['http/1.1'] }
const client = { ca: pki.ca, ...pki.client, ALPNProtocols: ['h2', 'http/1.1'] }
const v13 = await record(server, client)
const v12 = await record({ ...server, maxVersion: 'TLSv1.2' }, client)

/** One connection with a key log, its nested conversation as text: `>ping` of the client, `<pong` of the server, `-` a gap, `.` an end. */
class Reading {
  readonly secrets = new TlsSecrets()
  readonly desk: SecretDesk = this.secrets.desk()
  readonly messages: Record<string, unknown>[] = []
  readonly alpns: (string | undefined)[] = []
  /** What each message says of itself. */
  readonly marks: boolean[] = []
  inside = ''
  readonly dissector: Dissector

  constructor(settings: Partial<Settings> = {}) {
    this.secrets.expected = true
    const sign = (side: Side): string => side === CLIENT ? '>' : '<'
    this.dissector = tls.open({
      message: (m) => {
        this.messages.push(plainMessage(m))
        this.marks.push(m.decrypted ?? false)
      },
      malformed() {}, switchTo() {}, disown() {},
      nested: (alpn) => {
        this.alpns.push(alpn)
        return {
          dataIn: (side, buf, from, to) => { this.inside += sign(side) + Buffer.from(buf.subarray(from, to)).toString('latin1') },
          gap: (side) => { this.inside += `${sign(side)}-` },
          end: (side) => { this.inside += `${sign(side)}.` },
          heldBytes: 0,
        }
      },
    }, { ...DEFAULT_SETTINGS, secrets: this.desk, ...settings })
  }

  know(keyLog: string): this {
    this.secrets.block(TLS_KEY_LOG, Buffer.from(keyLog))
    return this
  }

  feed(steps: readonly Step[]): this {
    for (const { side, bytes, at } of steps) this.dissector.data(side, Uint8Array.from(bytes), at)
    return this
  }

  end(at = 1e6): this {
    for (const side of [CLIENT, SERVER] as const) this.dissector.end(side, at)
    return this
  }

  get kinds(): unknown[] {
    return this.messages.map((m) => ((m['request'] ?? m['response']) as Facts)['kind'])
  }

  get notes(): unknown[] {
    return this.messages.flatMap((m) => m['notes'] as unknown[])
  }
}

const read = (keyLog: string, steps: readonly Step[]): Reading => new Reading().know(keyLog).feed(steps).end()

for (const [name, { steps, witness }] of [['TLS 1.3', v13], ['TLS 1.2', v12]] as const) {
  test(`${name}: what was said inside goes on, and nothing else`, () => {
    const reading = read(witness.keyLog, steps)
    assert.equal(reading.inside, '>ping<pong>.<.')
    assert.deepEqual(reading.alpns, ['http/1.1'])
    assert.deepEqual(reading.kinds, ['handshake', 'closed'])
    assert.deepEqual(reading.messages.map((m) => m['complete']), [true, true])
    assert.deepEqual(reading.marks, [true, true])
  })

  test(`${name}: how the bytes are cut plays no part`, () => {
    const whole = read(witness.keyLog, steps)
    const cut = read(witness.keyLog, cutSteps(steps, [1]))
    assert.deepEqual([cut.messages, cut.inside], [whole.messages, whole.inside])
  })

  test(`${name}: secrets that come late are waited for, even beyond the end`, () => {
    const whole = read(witness.keyLog, steps)
    for (let seen = 0; seen <= steps.length; seen++) {
      const reading = new Reading().feed(steps.slice(0, seen)).know(witness.keyLog).feed(steps.slice(seen)).end()
      assert.deepEqual([reading.messages, reading.inside], [whole.messages, whole.inside], `after ${seen} steps`)
    }
    const ended = new Reading().feed(steps).end()
    assert.deepEqual(ended.messages, [])
    assert.deepEqual([ended.know(witness.keyLog).messages, ended.inside], [whole.messages, whole.inside])
  })

  test(`${name}: without its secrets a connection is shown as ever, and says why`, () => {
    const settings = { ...DEFAULT_SETTINGS, ciphertextTurns: true }
    const plain = listen(tls, [...steps, { side: CLIENT, bytes: new Uint8Array(0), at: 1e6 }], settings).messages
    const reading = new Reading({ ciphertextTurns: true }).feed(steps).end()
    reading.desk.close()
    assert.deepEqual(reading.messages.map((m) => ({ ...m, notes: (m['notes'] as string[]).filter((note) => note !== NO_SECRETS) })), plain)
    assert.ok(reading.notes.includes(NO_SECRETS))
    assert.equal(reading.inside, '')
  })

  test(`${name}: wrong secrets show nothing of what they make of the bytes`, () => {
    const wrong = witness.keyLog.replaceAll(/[0-9a-f]{8}$/gm, '00000000')
    const settings = { ...DEFAULT_SETTINGS, ciphertextTurns: true }
    const plain = listen(tls, [...steps, { side: CLIENT, bytes: new Uint8Array(0), at: 1e6 }], settings).messages
    const reading = new Reading({ ciphertextTurns: true }).know(wrong).feed(steps).end()
    assert.equal(reading.inside, '')
    assert.ok(reading.notes.includes(WRONG_SECRETS))
    assert.deepEqual(reading.messages.map((m) => m['what']), plain.map((m) => m['what']))
    assert.ok(reading.marks.length > 0 && !reading.marks.includes(true))
  })

  test(`${name}: a flipped bit anywhere never shows bytes that were not sent`, () => {
    const size = steps.reduce((sum, { bytes }) => sum + bytes.length, 0)
    for (let offset = 7; offset < size; offset += 13) {
      const copy = steps.map((step) => ({ ...step, bytes: Buffer.from(step.bytes) }))
      let within = offset
      const step = copy.find(({ bytes }) => within < bytes.length || (within -= bytes.length, false))!
      step.bytes[within]! ^= 0x10
      const reading = read(witness.keyLog, copy)
      reading.desk.close()
      assert.match(reading.inside, /^(>ping|>-|<pong|<-|>\.|<\.)*$/, `offset ${offset}`)
    }
  })

  test(`${name}: a loss anywhere is told, and what follows it is read`, () => {
    let found = 0
    for (let index = 0; index < steps.length; index++) {
      const { side, bytes, at } = steps[index]!
      for (const from of [0, 7, Math.floor(bytes.length / 2)]) {
        if (from >= bytes.length) continue
        const reading = new Reading().know(witness.keyLog).feed(steps.slice(0, index))
        if (from > 0) reading.feed([{ side, bytes: bytes.subarray(0, from), at }])
        reading.dissector.gap(side, bytes.length - from, at)
        reading.feed(steps.slice(index + 1)).end()
        reading.desk.close()
        assert.ok(reading.messages.some((m) => m['complete'] === false), `step ${index} from ${from}`)
        assert.match(reading.inside, /^(>ping|>-|<pong|<-|>\.|<\.)*$/)
        if (/ping|pong/.test(reading.inside)) found++
      }
    }
    assert.ok(found > 3, `${found} of the losses left something to read`)
  })
}

test('TLS 1.2: the data is read although the ChangeCipherSpec of its side was lost', () => {
  const { steps, witness } = v12
  const index = steps.findIndex(({ side, bytes }, i) => i > 0 && side === CLIENT && bytes.length > 0)
  const reading = new Reading().know(witness.keyLog).feed(steps.slice(0, index))
  reading.dissector.gap(CLIENT, steps[index]!.bytes.length, steps[index]!.at)
  reading.feed(steps.slice(index + 1)).end()
  assert.match(reading.inside, />ping/)
})

test('TLS 1.3: the handshake shows who the client is', () => {
  const [handshake] = read(v13.witness.keyLog, v13.steps).messages
  const request = handshake!['request'] as { certificate: { leaf: Facts }, certificateVerify: boolean, finished: boolean }
  const response = handshake!['response'] as Facts
  assert.equal(request.certificate.leaf['spiffeId'], CLIENT_ID)
  assert.deepEqual([request.certificateVerify, request.finished, response['finished'], response['certificateRequested']], [true, true, true, true])
  assert.deepEqual([response['alpn'], response['signatureAlgorithm']], ['http/1.1', 'ecdsa_secp256r1_sha256'])
})

test('a refused client: the alert behind the handshake is its outcome', async () => {
  const { steps, witness } = await record({ ...server, rejectUnauthorized: true }, { ca: pki.ca })
  const [handshake] = read(witness.keyLog, steps).messages
  assert.deepEqual([handshake!['status'], handshake!['outcome']], ['certificate_required', 'server-error'])
})

test('TLS 1.2: a resumed session is read with the secret of the first', async () => {
  const old = { ...server, maxVersion: 'TLSv1.2' as const, ticketKeys: Buffer.alloc(48, 3) }
  const first = await record(old, client)
  const second = await record(old, { ...client, session: first.witness.session! })
  assert.equal(second.witness.resumed, true)
  const secrets = new TlsSecrets()
  secrets.block(TLS_KEY_LOG, Buffer.from(first.witness.keyLog))
  let inside = ''
  for (const { steps } of [first, second]) {
    const dissector = tls.open({
      message() {}, malformed() {}, switchTo() {}, disown() {},
      nested: () => ({ dataIn: (_, buf, from, to) => { inside += Buffer.from(buf.subarray(from, to)).toString() }, gap() {}, end() {}, heldBytes: 0 }),
    }, { ...DEFAULT_SETTINGS, secrets: secrets.desk() })
    for (const { side, bytes, at } of steps) dissector.data(side, bytes, at)
  }
  assert.equal(inside, 'pingpongpingpong')
})

test('secrets of the data alone: the handshake stays unread, the data is read', () => {
  const data = v13.witness.keyLog.split('\n').filter((line) => line.includes('_TRAFFIC_SECRET_0')).join('\n')
  const reading = read(data, v13.steps)
  assert.equal(reading.inside, '>ping<pong>.<.')
  assert.deepEqual(reading.messages.map((m) => m['what']), ['TLS 1.3 handshake cart.shop.example', 'TLS 1.3 closed cart.shop.example'])
})

test('too deep: decrypted and counted, read by nobody', () => {
  const secrets = new TlsSecrets()
  secrets.block(TLS_KEY_LOG, Buffer.from(v13.witness.keyLog))
  const said = listen(tls, v13.steps, { ...DEFAULT_SETTINGS, secrets: secrets.desk() })
  const closed = said.messages.at(-1)!['request'] as Facts
  assert.equal(closed['decryptedBytes'], 4)
  assert.ok((said.messages.at(-1)!['notes'] as string[]).some((note) => note.includes('too deeply')))
})

test('what waits is bounded by bytes and by capture time', () => {
  const flood = new Reading().feed(v13.steps.slice(0, 2))
  const block = data(1000)
  for (let i = 0; i < 2 * MAX_WAITING_BYTES / block.length; i++) flood.dissector.data(SERVER, block, 5000)
  assert.ok(flood.dissector.heldBytes! < MAX_WAITING_BYTES)
  assert.ok(flood.end().notes.includes(NO_SECRETS))
  const slow = new Reading().feed(v13.steps.slice(0, 2))
  assert.deepEqual(slow.messages, [])
  slow.desk.tick(v13.steps[1]!.at + MAX_WAITING_MICROS)
  slow.end()
  assert.deepEqual(slow.kinds, ['handshake', 'closed'])
})

test('nothing that is said holds a secret', () => {
  for (const { steps, witness } of [v13, v12]) {
    const reading = read(witness.keyLog, steps)
    const said = JSON.stringify(reading.messages).toLowerCase()
    for (const line of witness.keyLog.trim().split('\n')) assert.ok(!said.includes(line.split(' ')[2]!.slice(0, 24)))
  }
})
