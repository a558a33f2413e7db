import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { readCaptureFile } from '../../src/capture/capture-file.ts'
import type { Side } from '../../src/model/side.ts'
import { CLIENT, SERVER } from '../../src/model/side.ts'
import { Conversation } from '../../src/protocols/conversation.ts'
import type { Protocol } from '../../src/protocols/protocol.ts'
import { DEFAULT_SETTINGS } from '../../src/protocols/protocol.ts'
import { PROTOCOLS } from '../../src/protocols/registry.ts'
import { Decoder } from '../../src/net/decode.ts'
import { Packet, SYN, ACK, TCP } from '../../src/net/packet.ts'
import { ReassemblyBudget, TcpConnection } from '../../src/net/reassembly.ts'

const CAPTURES = fileURLToPath(new URL('../fixtures/captures/', import.meta.url))
/** As many characters of a secret tell it. */
const WINDOW = 6
/** Of the bytes around a secret so many are tried. */
const POSITIONS = 24
const AROUND_BYTES = 120

interface Piece { readonly side: Side, readonly bytes: Uint8Array }
interface Stream { readonly client: number, readonly serverPort: number, readonly pieces: Piece[], readonly tcp: TcpConnection }

/** What the clients of the captures log in with, and set, as far as no name of ours is a part of it. */
const LOGINS: readonly (readonly [capture: string, ...secrets: string[]])[] = [
  ['redis-secrets', 'open-sesame', 'cart-word'], ['kafka-sasl', 'open sesame', 'under-the-mat'], ['postgres-logins', 'plain-se'], ['postgres-psql', 'never-shown'],
  ['mysql-mariadb', 'never-shown'], ['mongodb-plain', 'open-sesame'], ['memcached-login', 'open-sesame'], ['amqp-basics', '\0guest'],
]

async function readStreams(file: string): Promise<Stream[]> {
  const streams: Stream[] = []
  const decoder = new Decoder()
  const packet = new Packet()
  await readCaptureFile(file, {
    interface() {},
    frame(buf, offset, captured, wire, atMicros, linkType) {
      if (decoder.decode(buf, offset, captured, wire, linkType, atMicros, packet) !== TCP) return
      if ((packet.flags & (SYN | ACK)) === SYN) streams.push(openStream(packet))
      const stream = streams.findLast(({ client, serverPort }) => (client === packet.srcPort && serverPort === packet.dstPort) || (client === packet.dstPort && serverPort === packet.srcPort))
      stream?.tcp.segment(stream.client === packet.srcPort ? CLIENT : SERVER, packet, atMicros)
    },
  }, {})
  return streams
}

function openStream({ srcPort, dstPort }: Packet): Stream {
  const pieces: Piece[] = []
  const sink = { data: (side: Side, buf: Uint8Array, from: number, to: number) => { pieces.push({ side, bytes: Uint8Array.from(buf.subarray(from, to)) }) }, gap() {}, end() {}, anomaly() {} }
  return { client: srcPort, serverPort: dstPort, pieces, tcp: new TcpConnection(sink, new ReassemblyBudget()) }
}

/** Which of the pieces is changed, and what is left of it: nothing before the first offset, a hole up to the second. */
interface Damage { readonly piece: number, readonly from: number, readonly to: number, readonly kind: 'gap' | 'end' | 'late' }

/** All that is said of a stream. */
function said({ pieces, serverPort }: Stream, damage: Damage | undefined, protocols: readonly Protocol[] = PROTOCOLS): string {
  let text = ''
  const sink = { message: (m: { what: string, notes: readonly string[], request?: object | undefined, response?: object | undefined }) => { text += JSON.stringify([m.what, m.notes, m.request, m.response]) }, malformed() {} }
  const conversation = new Conversation(sink, { protocols, settings: DEFAULT_SETTINGS, serverPort, joinedLate: () => damage?.kind === 'late' })
  pieces.forEach(({ side, bytes }, i) => {
    const feed = (from: number, to: number): void => { if (to > from) conversation.data(side, bytes.slice(from, to), i) }
    if (damage === undefined || (i > damage.piece ? damage.kind !== 'end' : i < damage.piece && damage.kind !== 'late')) feed(0, bytes.length)
    else if (i === damage.piece) {
      if (damage.kind !== 'late') feed(0, damage.from)
      if (damage.kind === 'gap') conversation.gap(side, damage.to - damage.from, i)
      if (damage.kind !== 'end') feed(damage.kind === 'gap' ? damage.to : damage.from, bytes.length)
    }
  })
  for (const side of [CLIENT, SERVER] as const) conversation.end(side, pieces.length)
  return text
}

function damagesOf(piece: number, bytes: Uint8Array, at: number, length: number): Damage[] {
  const [first, last] = [Math.max(0, at - AROUND_BYTES), Math.min(bytes.length, at + length)]
  const stride = Math.max(1, Math.floor((last - first) / POSITIONS))
  const damages: Damage[] = []
  for (let from = first; from < last; from += stride) {
    damages.push({ piece, from, to: from, kind: 'end' }, { piece, from, to: from, kind: 'late' })
    for (const lost of [1, 4, 40]) damages.push({ piece, from, to: Math.min(bytes.length, from + lost), kind: 'gap' })
  }
  return damages
}

function assertHidden(text: string, secret: string, where: string): void {
  const forms = [text, ...(text.match(/[A-Za-z0-9+/]{8,}={0,2}/g) ?? []).map((word) => Buffer.from(word, 'base64').toString('latin1'))]
  const written = JSON.stringify(secret).slice(1, -1)
  for (let i = 0; i === 0 || i + WINDOW <= written.length; i++) {
    const part = written.slice(i, i + WINDOW)
    assert.ok(!forms.some((form) => form.includes(part)), `${where}: ${part} in ${text.slice(Math.max(0, text.indexOf(part) - 300), text.indexOf(part) + 40)}`)
  }
}

for (const [capture, ...secrets] of LOGINS) {
  test(`${capture}: what the client logs in with shows nowhere, whatever is lost of it`, async () => {
    let found = 0
    for (const stream of await readStreams(`${CAPTURES}${capture}.pcap`)) {
      for (const secret of secrets) {
        for (const [i, { side, bytes }] of stream.pieces.entries()) {
          const at = side === CLIENT ? Buffer.from(bytes).indexOf(secret) : -1
          if (at < 0) continue
          found++
          assertHidden(said(stream, undefined), secret, 'whole')
          for (const damage of damagesOf(i, bytes, at, secret.length)) {
            // A log-in of memcached is a value like any other, but for being the first.
            if (capture !== 'memcached-login' || damage.kind !== 'late') assertHidden(said(stream, damage), secret, JSON.stringify(damage))
          }
        }
      }
    }
    assert.ok(found > 0, 'the capture holds a secret')
  })
}
