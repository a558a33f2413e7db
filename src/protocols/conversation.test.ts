import assert from 'node:assert/strict'
import test from 'node:test'
import type { Message } from '../model/message.ts'
import type { Side } from '../model/side.ts'
import { CLIENT, SERVER } from '../model/side.ts'
import type { ConversationOptions } from './conversation.ts'
import { Conversation } from './conversation.ts'
import { MAX_UNDECIDED_BYTES } from './detection-buffer.ts'
import { http1 } from './http1/http1.ts'
import { DEFAULT_SETTINGS } from './protocol.ts'
import type { Probe, Protocol, Sink } from './protocol.ts'
import { PROTOCOLS } from './registry.ts'
import { bytesText } from './unclaimed.ts'

const GET = 'GET /a HTTP/1.1\r\nHost: x\r\n\r\n'
const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'

function line(what: string, at: number): Message {
  return {
    protocol: 'lines', atMicros: at, elapsedMicros: undefined, what, status: undefined, outcome: 'none',
    request: undefined, response: undefined, complete: true, notes: [],
  }
}

/** A tiny protocol of its own: `#` begins it, every line is a message, and some lines are commands. The server may speak first. */
function lines(name: string, mark: string, ports: number[] = []): Protocol {
  const probe = (client: Uint8Array, server: Uint8Array): Probe => {
    const first = client[0] ?? server[0]
    if (first !== mark.charCodeAt(0)) return 'no'
    return client.length + server.length < 2 ? 'more' : 'yes'
  }
  return { name, spec: 'https://example.org/', ports, probe, open: (sink) => new LineDissector(sink, name) }
}

class LineDissector {
  readonly #sink: Sink
  readonly #name: string
  readonly #held = ['', '']

  constructor(sink: Sink, name: string) {
    this.#sink = sink
    this.#name = name
  }

  data(side: Side, chunk: Uint8Array, at: number): void {
    this.#held[side] += Buffer.from(chunk).toString('latin1')
    for (;;) {
      const text = this.#held[side]!
      const end = text.indexOf('\n')
      if (end < 0) return
      this.#held[side] = text.slice(end + 1)
      const said = text.slice(0, end)
      if (said.includes('disown')) return this.#sink.disown()
      if (said.includes('bad')) this.#sink.malformed(side, 'bad line', 0)
      if (said.includes('switch')) {
        const name = said.split(' ')[1]
        this.#sink.switchTo(name, Buffer.from(this.#held[CLIENT]!), Buffer.from(this.#held[SERVER]!))
        return
      }
      this.#sink.message(line(`${this.#name} ${side} ${said}`, at))
    }
  }

  gap(side: Side, bytes: number, at: number): void {
    this.#sink.message(line(`${this.#name} ${side} lost ${bytes}`, at))
  }

  end(side: Side, at: number): void {
    this.#sink.message(line(`${this.#name} ${side} end`, at))
  }
}

const hash = lines('hash', '#')
const star = lines('star', '*')

class Heard {
  readonly messages: Message[] = []
  readonly malformed: string[] = []
  swaps = 0
  readonly conversation: Conversation
  at = 1000

  constructor(options: Partial<ConversationOptions> = {}) {
    this.conversation = new Conversation({
      message: (m) => { this.messages.push(m) },
      malformed: (protocol, side, what, offset) => { this.malformed.push(`${protocol} ${side} ${what} ${offset}`) },
      swapped: () => {
        assert.equal(this.messages.length, 0)
        this.swaps++
      },
    }, { protocols: [http1, hash, star], settings: DEFAULT_SETTINGS, serverPort: 1, joinedLate: () => false, ...options })
  }

  /** The chunk is borrowed: it is scrubbed right away. */
  send(side: Side, text: string): this {
    const chunk = Buffer.from(text, 'latin1')
    this.conversation.data(side, chunk, this.at += 10)
    chunk.fill(0)
    return this
  }

  ask(text: string): this {
    return this.send(CLIENT, text)
  }

  answer(text: string): this {
    return this.send(SERVER, text)
  }

  gap(side: Side, bytes: number): this {
    this.conversation.gap(side, bytes, this.at)
    return this
  }

  end(): string[] {
    this.conversation.end(CLIENT, this.at)
    this.conversation.end(SERVER, this.at)
    return this.whats
  }

  get whats(): string[] {
    return this.messages.map((m) => m.what)
  }
}

test('the protocol is found by content, on any port', () => {
  const heard = new Heard({ serverPort: 31337 }).ask(GET).answer(OK)
  assert.equal(heard.conversation.protocol, 'http1')
  assert.deepEqual(heard.end(), ['GET /a'])
})

test('a first chunk that cannot decide is kept, with its time', () => {
  const heard = new Heard().ask('GET').ask(' /a HT').ask('TP/1.1\r\n\r\n').answer(OK)
  assert.deepEqual(heard.end(), ['GET /a'])
  assert.equal(heard.messages[0]!.atMicros, 1010)
})

test('a server may speak first', () => {
  const heard = new Heard().answer('#hello\n').ask('*x\n')
  assert.deepEqual(heard.end(), ['hash 1 #hello', 'hash 0 *x', 'hash 0 end', 'hash 1 end'])
})

test('the port decides who is asked first, and nothing else', () => {
  const both = [lines('one', '#'), lines('two', '#', [77])]
  assert.equal(new Heard({ protocols: both, serverPort: 77 }).ask('#x').conversation.protocol, 'two')
  assert.equal(new Heard({ protocols: both, serverPort: 78 }).ask('#x').conversation.protocol, 'one')
})

test('what nobody claims is one message with the bytes of both sides', () => {
  const heard = new Heard().ask('\x00'.repeat(1204)).answer('\x01'.repeat(3400)).ask('\x02')
  assert.equal(heard.conversation.protocol, undefined)
  assert.deepEqual(heard.end(), ['1 205 bytes out, 3 400 bytes in'])
  const { protocol, request, response, complete, notes, atMicros, elapsedMicros, outcome } = heard.messages[0]!
  assert.deepEqual({ protocol, request, response, complete, notes, atMicros, elapsedMicros, outcome }, {
    protocol: 'tcp', request: { bytes: 1205, durationMicros: 20 }, response: { bytes: 3400 }, complete: true, notes: [], atMicros: 1010, elapsedMicros: 10, outcome: 'none',
  })
})

test('a connection without bytes says nothing', () => {
  assert.deepEqual(new Heard().end(), [])
})

test('bytes that stay undecided are counted', () => {
  assert.deepEqual(new Heard().ask('GET /x').end(), ['6 bytes out, 0 bytes in'])
})

test('no more than the limit is kept for a decision', () => {
  let most = 0
  const never: Protocol = { ...hash, name: 'never', probe: (client) => (most = Math.max(most, client.length), 'more') }
  const heard = new Heard({ protocols: [never] })
  for (let i = 0; i < 100; i++) heard.ask('x'.repeat(100))
  assert.deepEqual(heard.end(), ['10 000 bytes out, 0 bytes in'])
  assert.ok(most > 3000 && most <= MAX_UNDECIDED_BYTES + 100)
})

test('who was wrong from the start leaves the bytes to the others', () => {
  const eager: Protocol = { ...star, name: 'eager', probe: () => 'yes', open: (sink) => ({ data: () => sink.disown(), gap() {}, end() {} }) }
  const heard = new Heard({ protocols: [eager, hash] }).ask('#one\n')
  assert.equal(heard.conversation.protocol, 'hash')
  assert.deepEqual(heard.end(), ['hash 0 #one', 'hash 0 end', 'hash 1 end'])
})

test('who turns out wrong later leaves what follows to the others', () => {
  const heard = new Heard().ask('#one\n').ask('disown\n').ask('*two\n')
  assert.equal(heard.conversation.protocol, 'star')
  assert.deepEqual(heard.end(), ['hash 0 #one', 'star 0 *two', 'star 0 end', 'star 1 end'])
})

test('who was wrong is not asked again', () => {
  const heard = new Heard().ask('#disown\n').ask('#one\n')
  assert.equal(heard.conversation.protocol, undefined)
  assert.deepEqual(heard.end(), ['13 bytes out, 0 bytes in'])
})

test('who was wrong before a switch is asked again after it', () => {
  const heard = new Heard().ask('#a\n').ask('disown\n').ask('*switch\n').ask('#again\n')
  assert.deepEqual(heard.end(), ['hash 0 #a', 'hash 0 #again', 'hash 0 end', 'hash 1 end'])
})

test('bytes that the others get from the very start are those of a start', () => {
  let joined = 0
  const late: Protocol = { ...hash, open: (sink) => Object.assign(new LineDissector(sink, 'late'), { joinedLate: () => { joined++ } }) }
  const eager: Protocol = { ...star, name: 'eager', probe: () => 'yes', open: (sink) => ({ data: () => sink.disown(), gap() {}, end() {} }) }
  assert.deepEqual(new Heard({ protocols: [eager, late] }).ask('#one\n').whats, ['late 0 #one'])
  assert.equal(joined, 0)
  assert.deepEqual(new Heard({ protocols: [late], joinedLate: () => true }).ask('#one\n').whats, ['late 0 #one'])
  assert.equal(joined, 1)
})

test('a switch by name hands over the rests', () => {
  const heard = new Heard().ask('#a\n#switch star\n*x').ask('y\n').answer('z\n')
  assert.deepEqual(heard.end(), ['hash 0 #a', 'star 0 *xy', 'star 1 z', 'star 0 end', 'star 1 end'])
})

test('a switch without a name detects anew', () => {
  const heard = new Heard().ask('#switch\n').ask(GET).answer(OK)
  assert.deepEqual(heard.end(), ['GET /a'])
})

test('a switch to what cannot be read is told with its name', () => {
  const heard = new Heard().ask('#switch gopher\nabc').answer('defgh')
  assert.deepEqual(heard.end(), ['3 bytes out, 5 bytes in'])
  assert.deepEqual(heard.messages[0]!.notes, ['continues as gopher, which cannot be read yet'])
})

test('a switch after one side has ended tells the new dissector', () => {
  const heard = new Heard().ask('#a\n')
  heard.conversation.end(SERVER, 2000)
  heard.ask('#switch star\n*b\n')
  heard.conversation.end(CLIENT, 2000)
  assert.deepEqual(heard.whats, ['hash 0 #a', 'hash 1 end', 'star 0 *b', 'star 1 end', 'star 0 end'])
})

test('CONNECT goes on as what is inside the tunnel', () => {
  const heard = new Heard().ask('CONNECT a:80 HTTP/1.1\r\n\r\n').answer('HTTP/1.1 200 OK\r\n\r\n').ask(GET).answer(OK)
  assert.deepEqual(heard.end(), ['CONNECT a:80', 'GET /a'])
})

test('decode-as needs no probe', () => {
  assert.deepEqual(new Heard({ decodeAs: 'star' }).ask('x\n').end(), ['star 0 x', 'star 0 end', 'star 1 end'])
  assert.deepEqual(new Heard({ decodeAs: 'nothing' }).ask('*x\n').end(), ['3 bytes out, 0 bytes in'])
  assert.deepEqual(new Heard({ decodeAs: 'http1' }).ask('*x y z\n').end(), ['7 bytes out, 0 bytes in'])
})

test('decode-as that is wrong is told where the dissector leaves, where it finds nothing that it knows, and where it stays silent', () => {
  const told = (name: string, text: string): [string | number | undefined, readonly string[]][] => {
    const heard = new Heard({ decodeAs: name, protocols: PROTOCOLS }).ask(text)
    heard.end()
    return heard.messages.map(({ status, notes }) => [status, notes])
  }
  assert.deepEqual(told('http1', '*x y z\n'), [['not http1', ['this is not http1, which --decode-as says']]])
  assert.deepEqual(told('mongodb', 'PROXY UNKNOWN\r\n'), [['not mongodb', ['this is not mongodb, which --decode-as says']]])
  const silent = new Heard({ decodeAs: 'memcached', protocols: PROTOCOLS }).answer('\x1f\0\0\0\xff')
  silent.end()
  assert.deepEqual(silent.messages.map(({ status, notes }) => [status, notes]), [[undefined, ['nothing of memcached is in it, which --decode-as says that it is']]])
})

test('peer bytes that break the protocol are told with its name', () => {
  const heard = new Heard().ask('#bad\n')
  assert.deepEqual(heard.malformed, ['hash 0 bad line 0'])
})

test('joined late in the middle of a body, the next start line is found', () => {
  const heard = new Heard({ joinedLate: () => true }).answer('rest of a body').answer(' and more').ask(GET).answer(OK)
  assert.deepEqual(heard.end(), ['GET /a'])
  assert.equal(heard.swaps, 0)
})

test('joined late, the other side may still be in a body when the first start line comes', () => {
  const heard = new Heard({ joinedLate: () => true }).ask(GET).answer('rest of an earlier body').answer(OK).ask(GET).answer(OK)
  assert.deepEqual(heard.end(), ['GET /a', 'GET /a'])
})

test('joined late, the first answer is not taken for that of the next request', () => {
  const heard = new Heard({ joinedLate: () => true }).answer(OK).ask(GET).answer(OK.replace('200', '404'))
  assert.deepEqual(heard.end(), ['response without request', 'GET /a'])
  assert.equal(heard.messages[1]!.status, 404)
})

test('joined late with mixed up sides, the content puts them right', () => {
  const heard = new Heard({ joinedLate: () => true }).answer(GET).ask(OK)
  assert.equal(heard.swaps, 1)
  assert.equal(heard.conversation.swapped, true)
  assert.deepEqual(heard.end(), ['GET /a'])
})

test('a connection that was seen from its start is never swapped', () => {
  const heard = new Heard().answer(GET).ask(OK)
  assert.equal(heard.swaps, 0)
  assert.deepEqual(heard.end(), [`${bytesText(OK.length)} out, ${bytesText(GET.length)} in`])
})

test('joined late and never recognised, it is told at the end', () => {
  const heard = new Heard({ joinedLate: () => true }).answer('abc').ask('de')
  assert.deepEqual(heard.end(), ['2 bytes out, 3 bytes in'])
  assert.deepEqual([heard.messages[0]!.complete, heard.messages[0]!.notes], [false, ['the start of the connection was not captured']])
})

test('a gap before anything was recognised does not stop the search', () => {
  const heard = new Heard().ask('GET /lo').gap(CLIENT, 100).ask('st of it\r\n').ask(GET).answer(OK)
  assert.deepEqual(heard.end(), ['GET /a'])
})

test('bytes lost from what nobody claims are told', () => {
  const heard = new Heard().ask('\x00\x01').gap(CLIENT, 1000)
  assert.deepEqual(heard.end(), ['2 bytes out, 0 bytes in'])
  assert.deepEqual([heard.messages[0]!.complete, heard.messages[0]!.notes], [false, ['1 000 bytes lost']])
})

test('sizes are grouped by thousands', () => {
  assert.deepEqual([0, 1, 999, 1000, 1234567].map(bytesText), ['0 bytes', '1 byte', '999 bytes', '1 000 bytes', '1 234 567 bytes'])
})
