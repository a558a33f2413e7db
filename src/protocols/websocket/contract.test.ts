import { CLIENT, SERVER } from '../../model/side.ts'
import type { Side } from '../../model/side.ts'
import type { Endless } from '../contract.fixture.ts'
import { contract } from '../contract.fixture.ts'
import { SAMPLES, ask, frame } from './samples.fixture.ts'
import { websocket } from './websocket.ts'

const endless = (name: string, side: Side, block: Uint8Array, ...prefix: Uint8Array[]): Endless => ({
  name, side, block, prefix: [ask('to begin with'), ...prefix.map((bytes) => ({ side, bytes, at: 1 }))],
})

const huge = Buffer.from([0x82, 0x7f, 0, 0x0f, 0, 0, 0, 0, 0, 0])
const ENDLESS: readonly Endless[] = [
  endless('a frame without end', SERVER, Buffer.from('abcdefgh'), huge),
  endless('a compressed frame without end', SERVER, Buffer.from('abcdefgh'), Buffer.concat([Buffer.from([0xc2]), huge.subarray(1)])),
  endless('fragments without end', SERVER, frame(0, 'abc', { isFinal: false }), frame(1, 'abc', { isFinal: false })),
  endless('compressed fragments without end', CLIENT, frame(0, 'abc', { isFinal: false, isMasked: true }), frame(1, 'abc', { isFinal: false, reserved: 4, isMasked: true })),
  endless('messages without end', CLIENT, frame(1, '{"n":1}', { isMasked: true })),
  endless('pings without end', SERVER, frame(9, 'x'.repeat(125))),
  endless('first fragments without end', SERVER, frame(2, 'x', { isFinal: false })),
  endless('nonsense without end', SERVER, Buffer.from([0x83, 0x81, 0x05, 0x8f, 0x00])),
]

/** Each of their blocks is a message. */
const MANY = new Set(['messages without end', 'first fragments without end', 'nonsense without end'])

contract(websocket, SAMPLES, { endless: ENDLESS.map((one) => MANY.has(one.name) ? { ...one, sizeBytes: 2 * 1024 * 1024 } : one), retainedLimitBytes: 1536 * 1024 })
