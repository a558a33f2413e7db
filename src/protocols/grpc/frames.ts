import { Buffer } from 'node:buffer'
import type { GrpcType } from './content-type.ts'
import { MAX_MESSAGES } from './limits.ts'

/** Flag and length before each message. https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md */
export const PREFIX_BYTES = 5
const COMPRESSED = 0x01
/** gRPC-Web only: the frame holds the trailers. */
const TRAILERS = 0x80

export interface Frame {
  readonly isCompressed: boolean
  /** As the prefix says. */
  readonly bytes: number
  /** What is here of it. Borrowed from the body. */
  readonly payload: Buffer
}

/** The messages of one direction. */
export interface Frames {
  readonly messages: readonly Frame[]
  /** Of gRPC-Web. */
  readonly trailers: Frame | undefined
  /** Those beyond MAX_MESSAGES. */
  readonly omitted: number
  /** The body is not written in frames from here on. */
  readonly isBroken: boolean
  /** The body ends within a frame. */
  readonly isCut: boolean
}

export const NO_FRAMES: Frames = { messages: [], trailers: undefined, omitted: 0, isBroken: false, isCut: false }

/** `body` may be the first part only. */
export function parseFrames(body: Buffer, { framing }: GrpcType): Frames {
  const bytes = framing === 'grpc-web-text' ? fromBase64(body) : body
  const allowed = framing === 'grpc' ? COMPRESSED : COMPRESSED | TRAILERS
  const messages: Frame[] = []
  let trailers: Frame | undefined
  let omitted = 0
  let at = 0
  while (bytes.length - at >= PREFIX_BYTES) {
    const flags = bytes[at]!
    if ((flags & ~allowed) !== 0 || trailers !== undefined) return { messages, trailers, omitted, isBroken: true, isCut: false }
    const frame = frameAt(bytes, at)
    at += PREFIX_BYTES + frame.bytes
    if ((flags & TRAILERS) !== 0) trailers = frame
    else if (messages.length < MAX_MESSAGES) messages.push(frame)
    else omitted++
  }
  return { messages, trailers, omitted, isBroken: false, isCut: at !== bytes.length }
}

function frameAt(bytes: Buffer, at: number): Frame {
  const length = bytes.readUInt32BE(at + 1)
  const from = at + PREFIX_BYTES
  return { isCompressed: (bytes[at]! & COMPRESSED) !== 0, bytes: length, payload: bytes.subarray(from, from + length) }
}

/** Each write of the sender may be padded for itself. */
function fromBase64(body: Buffer): Buffer {
  const text = body.toString('latin1')
  if (!text.includes('=')) return Buffer.from(text, 'base64')
  return Buffer.concat(text.split(/=+/).map((part) => Buffer.from(part, 'base64')))
}
