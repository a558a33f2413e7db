import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from '#property'
import type { Message } from '../../model/message.ts'
import type { Side } from '../../model/side.ts'
import { CLIENT, SERVER } from '../../model/side.ts'
import { plainMessage } from '../contract.fixture.ts'
import type { DatagramPlace } from '../datagram.ts'
import { DEFAULT_REDACTION } from '../redaction.ts'
import { DEFAULT_SETTINGS } from '../protocol.ts'
import { dnsDatagrams } from './dns.ts'
import { MAX_WAITING_QUERIES } from './limits.ts'
import { SAMPLES, address, answer, ask, message, name, opt, u16 } from './wire.fixture.ts'

const PLACE: DatagramPlace = { clientPort: 40_000, serverPort: 53, isMulticast: false }
const SECOND = 1e6

class Heard {
  readonly messages: Record<string, unknown>[] = []
  readonly malformed: string[] = []
  disowned = false
  readonly dissector

  constructor(place: Partial<DatagramPlace> = {}, settings = DEFAULT_SETTINGS, look: (m: Message) => void = () => {}) {
    this.dissector = dnsDatagrams.open({
      message: (m) => {
        this.messages.push(plainMessage(m))
        look(m)
      },
      malformed: (_side, what) => { this.malformed.push(what) },
      disown: () => { this.disowned = true },
    }, settings, { ...PLACE, ...place })
  }

  put(side: Side, bytes: Uint8Array, at: number, missing = 0): this {
    const copy = Uint8Array.from(bytes)
    this.dissector.datagram(side, copy, 0, copy.length, missing, at)
    // They were borrowed.
    copy.fill(0xee)
    return this
  }

  end(at = 100 * SECOND): this {
    this.dissector.end(at)
    return this
  }

  get lines(): string[] {
    return this.messages.map((m) => `${m.what as string} ${(m.status as string | undefined) ?? '-'}${m.complete === true ? '' : ` (${(m.notes as string[])[0]})`}`)
  }
}

const QUERY = ask('A', 'web.example')
const ANSWER = answer('A', 'web.example', [address('web.example', '192.0.2.1')])

test('a query and its answer are one message', () => {
  const heard = new Heard().put(CLIENT, QUERY, 100).put(SERVER, ANSWER, 350)
  assert.deepEqual(heard.lines, ['A web.example NOERROR'])
  const [m] = heard.messages
  assert.deepEqual([m!.elapsedMicros, m!.outcome, m!.protocol], [250, 'ok', 'dns'])
  assert.deepEqual(m!.response, {
    id: 7, opcode: 'QUERY', rcode: 'NOERROR', flags: { recursionDesired: true, recursionAvailable: true },
    questions: [{ name: 'web.example', type: 'A', class: 'IN' }],
    answers: [{ name: 'web.example', type: 'A', class: 'IN', ttlSeconds: 60, data: '192.0.2.1' }],
    edns: { version: 0, udpPayloadBytes: 1232, options: [] }, sizeBytes: ANSWER.length,
  })
  assert.equal(heard.dissector.isIdle, true)
})

test('errors by whose they are', () => {
  const outcomeOf = (rcode: number): unknown => new Heard().put(CLIENT, QUERY, 1).put(SERVER, answer('A', 'web.example', [], 7, rcode), 2).messages[0]!.outcome
  assert.deepEqual([0, 1, 2, 3, 4, 5, 9].map(outcomeOf), ['ok', 'client-error', 'server-error', 'client-error', 'server-error', 'server-error', 'client-error'])
})

test('the upper bits of an rcode are in OPT', () => {
  const bad = message({ id: 7, flags: 0x8000 | 7, questions: [['A', 'web.example']], additionals: [opt(undefined, 1232, 0x01000000)] })
  assert.deepEqual(new Heard().put(CLIENT, QUERY, 1).put(SERVER, bad, 2).lines, ['A web.example BADCOOKIE'])
})

test('a query that is sent again is the same query', () => {
  const heard = new Heard().put(CLIENT, QUERY, 0).put(CLIENT, QUERY, 5 * SECOND).put(SERVER, ANSWER, 5.1 * SECOND)
  assert.deepEqual(heard.lines, ['A web.example NOERROR'])
  assert.deepEqual(heard.messages[0]!.notes, ['the query was sent 2 times'])
})

test('copies from a second interface are not told', () => {
  const heard = new Heard().put(CLIENT, QUERY, 0).put(CLIENT, QUERY, 20).put(SERVER, ANSWER, 500).put(SERVER, ANSWER, 510).end()
  assert.deepEqual(heard.lines, ['A web.example NOERROR'])
  assert.deepEqual(heard.messages[0]!.notes, [])
})

test('a second answer with other bytes is told: somebody may be lying', () => {
  const forged = answer('A', 'web.example', [address('web.example', '203.0.113.66')])
  const heard = new Heard().put(CLIENT, QUERY, 0).put(SERVER, ANSWER, 500).put(SERVER, forged, 700)
  assert.deepEqual(heard.lines, ['A web.example NOERROR', 'A web.example NOERROR (another answer to this query came before)'])
})

test('an answer to another question is not taken for the answer', () => {
  const other = answer('A', 'other.example', [])
  const heard = new Heard().put(CLIENT, QUERY, 0).put(SERVER, other, 10).put(SERVER, ANSWER, 20)
  assert.deepEqual(heard.messages.map((m) => [m.what, m.complete]), [['A other.example', false], ['A web.example', true]])
  assert.ok((heard.messages[0]!.notes as string[]).some((note) => note.includes('another question')))
})

test('letters of the question may change their case on the way', () => {
  assert.deepEqual(new Heard().put(CLIENT, ask('A', 'WeB.eXample'), 0).put(SERVER, ANSWER, 10).lines, ['A WeB.eXample NOERROR'])
})

test('what waits too long by the capture\'s clock is told when something else comes', () => {
  const heard = new Heard().put(CLIENT, QUERY, 0).put(CLIENT, ask('AAAA', 'web.example', 8), 16 * SECOND)
  assert.deepEqual(heard.lines, ['A web.example - (no answer within 15 s)'])
  assert.deepEqual(heard.end().lines.slice(1), ['AAAA web.example - (no answer was captured)'])
})

test('an answer that was captured before its query finds it', () => {
  assert.deepEqual(new Heard().put(SERVER, ANSWER, 100).put(CLIENT, QUERY, 101).end().lines, ['A web.example NOERROR'])
})

test('an answer whose query was not captured says so at the end', () => {
  assert.deepEqual(new Heard().put(SERVER, ANSWER, 100).end().lines, ['A web.example NOERROR (the query was not captured)'])
})

test('both ends may ask each other under one number', () => {
  const heard = new Heard().put(CLIENT, QUERY, 0).put(SERVER, ask('A', 'back.example'), 1).put(SERVER, ANSWER, 2).put(CLIENT, answer('A', 'back.example', []), 3)
  assert.deepEqual(heard.lines, ['A web.example NOERROR', 'A back.example NOERROR'])
})

test('mDNS is not waited for: each datagram is a message, whole', () => {
  const heard = new Heard({ clientPort: 5353, serverPort: 5353, isMulticast: true })
  const asked = message({ id: 0, flags: 0, questions: [['PTR', '_http._tcp.local', 0x8001], ['A', 'printer.local']] })
  const told = message({ id: 0, flags: 0x8400, answers: [{ name: '_http._tcp.local', type: 'PTR', class: 0x8001, data: name('shop._http._tcp.local') }, address('printer.local', '192.0.2.4')] })
  heard.put(CLIENT, asked, 0).put(CLIENT, asked, 30).put(CLIENT, told, 1000)
  assert.deepEqual(heard.lines, ['mDNS PTR _http._tcp.local, A printer.local -', 'mDNS answer PTR _http._tcp.local +1 NOERROR'])
  assert.deepEqual((heard.messages[0]!.request as { questions: unknown[] }).questions[0], { name: '_http._tcp.local', type: 'PTR', class: 'IN', unicastResponse: true })
  assert.equal((heard.messages[1]!.response as { answers: { cacheFlush?: true }[] }).answers[0]!.cacheFlush, true)
})

test('plain DNS at the port of mDNS is paired, LLMNR is not, and a client may have any port', () => {
  const pair = (place: Partial<DatagramPlace>): string[] => new Heard(place).put(CLIENT, QUERY, 0).put(SERVER, ANSWER, 10).lines
  assert.deepEqual(pair({ serverPort: 5353 }), ['A web.example NOERROR'])
  assert.deepEqual(pair({ clientPort: 5355 }), ['A web.example NOERROR'])
  assert.deepEqual(pair({ serverPort: 5355 }), ['LLMNR A web.example -', 'LLMNR answer A web.example NOERROR'])
})

test('a datagram that the snap length cut is shown as far as it goes', () => {
  const heard = new Heard().put(CLIENT, QUERY, 0).put(SERVER, ANSWER.subarray(0, 40), 10, ANSWER.length - 40)
  assert.deepEqual(heard.lines, [`A web.example NOERROR (answer: only 40 of ${ANSWER.length} bytes were captured)`])
})

test('a compression loop ends what is read, and is told', () => {
  const head = message({ id: 7, flags: 0x8180, questions: [['A', 'web.example']] })
  head[7] = 1
  const loop = Buffer.concat([head, Buffer.from([0xc0, head.length]), u16(1, 1, 0, 60, 4), Buffer.from([1, 2, 3, 4])])
  const heard = new Heard().put(CLIENT, QUERY, 0).put(SERVER, loop, 10)
  assert.deepEqual(heard.lines, ['A web.example NOERROR (answer: a record is malformed, the rest is not shown)'])
  assert.equal(heard.malformed.length, 1)
})

test('data that does not fit its type is shown as that of an unknown type', () => {
  const odd = answer('A', 'web.example', [{ name: 'web.example', type: 'A', data: Buffer.from([1, 2, 3]) }, { name: 'web.example', type: 'SRV', data: Buffer.from([0, 1, 0xc0]) }])
  const { answers } = new Heard().put(CLIENT, QUERY, 0).put(SERVER, odd, 10).messages[0]!.response as { answers: { data: string, malformed?: true }[] }
  assert.deepEqual(answers.map(({ data, malformed }) => [data, malformed]), [['\\# 3 010203', true], ['\\# 3 0001c0', true]])
})

test('what is no DNS from the start is left, later it is counted', () => {
  const first = new Heard().put(CLIENT, Buffer.from('hello, world'), 0)
  assert.deepEqual([first.disowned, first.malformed.length], [true, 1])
  const later = new Heard().put(CLIENT, QUERY, 0).put(CLIENT, Buffer.from('hello'), 1)
  assert.deepEqual([later.disowned, later.malformed.length], [false, 1])
})

test('without room for bodies the line is the same', () => {
  const settings = { ...DEFAULT_SETTINGS, bodyLimitBytes: 0 }
  assert.deepEqual(new Heard({}, settings).put(CLIENT, QUERY, 0).put(SERVER, ANSWER, 10).lines, ['A web.example NOERROR'])
})

test('what must not be shown is nowhere: not in names, not in data, not in the line', () => {
  const settings = { ...DEFAULT_SETTINGS, redaction: { ...DEFAULT_REDACTION, texts: ['c[a4]nary'] } }
  const told = answer('TXT', 'canary.example', [{ name: 'canary.example', type: 'TXT', data: Buffer.from('\x06canary', 'latin1') }])
  const heard = new Heard({}, settings).put(CLIENT, ask('TXT', 'canary.example'), 0).put(SERVER, told, 10)
  assert.doesNotMatch(JSON.stringify(heard.messages), /canary/)
  assert.match(JSON.stringify(heard.messages), /\[redacted\]/)
})

test('queries without end are given up, the oldest first, and memory stays bounded', () => {
  const heard = new Heard()
  for (let i = 0; i < MAX_WAITING_QUERIES + 500; i++) heard.put(CLIENT, ask('A', `host-${i}.example`, i), 0)
  assert.ok(heard.messages.length >= 500)
  assert.deepEqual(heard.messages[0]!.notes, ['given up: too many queries wait for an answer'])
  assert.ok(heard.dissector.heldBytes < 1024 * 1024)
})

test('junk, flipped bits and cut messages never throw', () => {
  const whole = SAMPLES.flatMap(({ steps }) => steps).map(({ side, bytes }) => ({ side, bytes: bytes.subarray(2) }))
  const broken = fc.record({ pick: fc.nat(whole.length - 1), cut: fc.nat(200), flips: fc.array(fc.record({ at: fc.nat(400), to: fc.nat(255) }), { maxLength: 6 }) })
  fc.assert(fc.property(fc.array(broken, { maxLength: 10 }), fc.array(fc.uint8Array({ minLength: 1, maxLength: 80 }), { maxLength: 4 }), (picks, junk) => {
    const heard = new Heard({ isMulticast: junk.length > 2, serverPort: junk.length > 2 ? 5353 : 53 })
    for (const { pick, cut, flips } of picks) {
      const bytes = Buffer.from(whole[pick]!.bytes)
      for (const { at, to } of flips) if (at < bytes.length) bytes[at] = to
      const kept = Math.max(1, bytes.length - cut)
      heard.put(whole[pick]!.side, bytes.subarray(0, kept), pick, bytes.length - kept)
    }
    for (const bytes of junk) {
      heard.put(CLIENT, bytes, 1)
      dnsDatagrams.probe(bytes, 0, bytes.length, 0, true)
      dnsDatagrams.probe(bytes, 0, bytes.length, 0, false)
    }
    for (const m of heard.end().messages) if (m.complete === false) assert.ok((m.notes as string[]).length > 0)
  }), { numRuns: 300 })
})

const FLOWS = SAMPLES.map(({ steps }) => steps.flatMap(({ side, bytes }) => {
  const list: { side: Side, bytes: Uint8Array }[] = []
  for (let at = 0; at < bytes.length;) {
    const end = at + 2 + (bytes[at]! << 8 | bytes[at + 1]!)
    list.push({ side, bytes: bytes.subarray(at + 2, end) })
    at = end
  }
  return list
}))

const PICKS = fc.array(fc.record({ flow: fc.nat(FLOWS.length - 1), upTo: fc.integer({ min: 1, max: 8 }), id: fc.nat(3), again: fc.boolean(), shout: fc.boolean(), cut: fc.nat(3) }), { maxLength: 12 })

/** What is said of each flow; of those that are alike by their likeness, too. */
function heardOf(picks: typeof PICKS extends fc.Arbitrary<infer T> ? T : never, settings: typeof DEFAULT_SETTINGS): Record<string, unknown>[][] {
  const alike = new Map<object, unknown>()
  return picks.map(({ flow, upTo, id, again, shout, cut }) => {
    const heard = new Heard({}, settings, (m) => {
      if (m.likeness === undefined) return
      const said = [m.protocol, m.what, m.status, m.outcome, m.complete, m.notes]
      assert.deepEqual(alike.get(m.likeness) ?? said, said)
      assert.deepEqual([m.complete, m.notes], [true, []])
      alike.set(m.likeness, said)
    })
    FLOWS[flow]!.slice(0, upTo).forEach(({ side, bytes }, i) => {
      const own = Buffer.from(bytes)
      own[1] = own[1]! ^ id
      if (shout && own.length > 14) own[13] = own[13]! & 0xdf
      const missing = cut === 1 ? Math.floor(own.length / 3) : 0
      heard.put(side, own.subarray(0, own.length - missing), i * 1000, missing)
      if (again) heard.put(side, own, i * 1000 + 60_000)
    })
    return heard.end().messages
  })
}

test('objects that serve again say the same as new ones', () => {
  fc.assert(fc.property(PICKS, (picks) => assert.deepEqual(heardOf(picks, { ...DEFAULT_SETTINGS, readAtOnce: true }), heardOf(picks, DEFAULT_SETTINGS))), { numRuns: 100 })
})

test('lines of questions that were asked before are those of questions that are new', () => {
  const line = ({ what, status, outcome, complete, notes, elapsedMicros }: Record<string, unknown>): unknown => [what, status, outcome, complete, notes, elapsedMicros]
  fc.assert(fc.property(PICKS, (picks) => {
    const settings = { ...DEFAULT_SETTINGS, details: false, readAtOnce: true }
    assert.deepEqual(heardOf(picks, settings).map((messages) => messages.map(line)), heardOf(picks, DEFAULT_SETTINGS).map((messages) => messages.map(line)))
  }), { numRuns: 100 })
})
