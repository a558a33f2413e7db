import type { GrpcHalf } from './half.ts'
import { MAX_MESSAGES } from './limits.ts'

/** What a reader of one direction's messages should know. `half.frames` is looked at. */
export function halfNotes(notes: string[], name: 'request' | 'response', half: GrpcHalf): void {
  // Where nothing was kept nothing can be said.
  if (half.type === undefined || half.http.bodyBytes === 0 || half.http.body().length === 0) return
  const { frames } = half
  if (frames.isBroken) notes.push(`${name}: the body is not written in messages of gRPC`)
  else if (frames.isCut) notes.push(half.http.bodyIsWhole ? `${name}: the body ends within a message` : `${name}: messages beyond the kept part of the body are not shown`)
  if (frames.omitted > 0) notes.push(`${name}: more than ${MAX_MESSAGES} messages, the rest is not listed`)
}
