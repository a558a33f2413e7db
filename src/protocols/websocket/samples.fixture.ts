import { createDeflateRaw, constants } from 'node:zlib'
import type { DeflateRaw } from 'node:zlib'
import type { Side } from '../../model/side.ts'
import { CLIENT, SERVER } from '../../model/side.ts'
import type { Sample, Step } from '../contract.fixture.ts'
import type { Handover } from '../protocol.ts'

const MASK = [0x37, 0xfa, 0x21, 0x3d]

export interface FrameOptions { readonly isFinal?: boolean, readonly reserved?: number, readonly isMasked?: boolean }

/** A frame as RFC 6455 §5.2 has it. */
export function frame(opcode: number, payload: string | Uint8Array, options: FrameOptions = {}): Buffer {
  const { isFinal = true, reserved = 0, isMasked = false } = options
  const bytes = typeof payload === 'string' ? Buffer.from(payload) : payload
  const size = bytes.length
  const length = size < 126 ? Buffer.from([size]) : size < 0x10000 ? Buffer.from([126, size >> 8, size & 255]) : Buffer.from([127, 0, 0, 0, 0, size >>> 24, (size >> 16) & 255, (size >> 8) & 255, size & 255])
  if (isMasked) length[0]! |= 0x80
  const body = isMasked ? bytes.map((byte, i) => byte ^ MASK[i & 3]!) : bytes
  return Buffer.concat([Buffer.from([(isFinal ? 0x80 : 0) | reserved << 4 | opcode]), length, Buffer.from(isMasked ? MASK : []), body])
}

let clock = 1000

export function from(side: Side, opcode: number, payload: string | Uint8Array, options: FrameOptions = {}): Step {
  return { side, bytes: frame(opcode, payload, { isMasked: side === CLIENT, ...options }), at: clock += 10 }
}

export const ask = (text: string, options?: FrameOptions): Step => from(CLIENT, 1, text, options)
export const answer = (text: string, options?: FrameOptions): Step => from(SERVER, 1, text, options)

/** A sender of permessage-deflate with context takeover. */
export class Deflater {
  readonly #stream: DeflateRaw = createDeflateRaw({ level: 9 })

  async deflate(text: string | Uint8Array): Promise<Buffer> {
    const parts: Buffer[] = []
    const keep = (part: Buffer): void => { parts.push(part) }
    this.#stream.on('data', keep)
    this.#stream.write(text)
    await new Promise<void>((resolve) => { this.#stream.flush(constants.Z_SYNC_FLUSH, resolve) })
    this.#stream.off('data', keep)
    return Buffer.concat(parts).subarray(0, -4)
  }
}

export function handover(extensions = '', target = '/chat?token=t', subprotocol = ''): Handover {
  return {
    atMicros: 1, method: 'GET', target, requestHeaders: [],
    responseHeaders: [{ name: 'Sec-WebSocket-Extensions', value: extensions }, ...subprotocol === '' ? [] : [{ name: 'Sec-WebSocket-Protocol', value: subprotocol }]],
  }
}

const plain: Sample = {
  name: 'text, binary, fragments and close',
  steps: [
    ask('{"type":"hi","cart":7}'),
    answer('welcome, Grüße ☃'),
    from(CLIENT, 2, Buffer.from([0, 1, 2, 253, 254, 255])),
    ask('x'.repeat(300)),
    answer('one, ', { isFinal: false }),
    from(SERVER, 9, 'between'),
    from(CLIENT, 10, 'between'),
    from(SERVER, 0, 'two, ', { isFinal: false }),
    from(SERVER, 0, 'three'),
    answer(''),
    answer('y'.repeat(700)),
    from(CLIENT, 8, Buffer.from('\x03\xe8bye', 'latin1')),
    from(SERVER, 8, Buffer.from([3, 0xe8])),
  ],
}

const deflater = new Deflater()
const compressed: Sample = {
  name: 'compressed with context takeover',
  steps: [
    ask('a text that proves it'),
    from(CLIENT, 1, await deflater.deflate('the same words again and again'), { reserved: 4 }),
    from(CLIENT, 1, await deflater.deflate('the same words again and again'), { reserved: 4 }),
    from(CLIENT, 1, (await deflater.deflate('the same words again, in fragments')).subarray(0, 5), { reserved: 4, isFinal: false }),
    from(CLIENT, 0, 'nonsense'),
    answer('plain in between'),
  ],
}

export const SAMPLES: readonly Sample[] = [plain, compressed]
