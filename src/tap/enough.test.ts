import assert from 'node:assert/strict'
import test from 'node:test'
import { ethernet, ipv4, tcp, text } from '../../test/frames.ts'
import { ACK, FIN, SYN } from '../net/packet.ts'
import { DEFAULT_SETTINGS } from '../protocols/protocol.ts'
import type { FlowContext } from './engine.ts'
import { Engine } from './engine.ts'

const ETHERNET = 1

/** Requests on one connection, and what the listener says to each message. */
function talk(requests: number, listener: (context: FlowContext, atMicros: number) => unknown): Engine {
  const engine = new Engine({ settings: DEFAULT_SETTINGS, capture: 'pcap', frameMarks: true }, { message: (_flow, message, context) => listener(context, message.atMicros) })
  let seq = 100
  let nowMicros = 1e15
  const send = (flags: number, payload?: Uint8Array): void => {
    const frame = ethernet({ payload: ipv4({ src: '10.0.0.1', dst: '10.0.0.2', protocol: 6, payload: tcp({ srcPort: 40_000, dstPort: 80, seq, ack: 501, flags, payload }) }) })
    engine.frame(frame, 0, frame.length, frame.length, nowMicros += 1000, ETHERNET, 0)
    seq += (payload?.length ?? 0) + ((flags & (SYN | FIN)) === 0 ? 0 : 1)
  }
  send(SYN)
  for (let i = 0; i < requests; i++) send(ACK, text(`POST /${i} HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nok`))
  send(FIN | ACK)
  engine.end()
  return engine
}

test('a listener that has enough of a connection hears no more of it', () => {
  const said: number[] = []
  const engine = talk(10, (context) => said.push(context.said) >= 3 && true)
  assert.deepEqual(said, [1, 2, 3])
  assert.deepEqual([engine.health().messages, engine.health().packets], [3, 12])
  const all: number[] = []
  talk(10, (context) => { all.push(context.said) })
  assert.equal(all.length, 10)
})

test('a message names the frame that its time is of', () => {
  const frames: (number | undefined)[] = []
  talk(3, (context, atMicros) => { frames.push(context.frameAt(atMicros)) })
  assert.deepEqual(frames, [2, 3, 4])
})
