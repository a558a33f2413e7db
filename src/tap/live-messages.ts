import type { FlowInfo } from '../model/flow.ts'
import type { Health } from '../model/health.ts'
import type { Message } from '../model/message.ts'
import type { LiveTapOptions } from './live.ts'
import { LiveTap } from './live.ts'

export type { LiveSource } from './control.ts'

export interface TappedMessage { flow: FlowInfo, message: Message }

export interface MessageObserver {
  messages(batch: TappedMessage[]): void
  /** About twice a second. */
  health(health: Health): void
  warn(text: string): void
  /** As that of a LiveObserver. */
  read?(toMicros: number): void
}

const HEALTH_MS = 500

/** A live tap for a reader in this program, who wants messages and not lines. */
export function openLiveTap(options: Omit<LiveTapOptions, 'format'>, observer: MessageObserver): LiveTap {
  const tap = new LiveTap({ ...options, format: { kind: 'objects' } }, {
    lines: (text) => observer.messages(Buffer.from(text.buffer, text.byteOffset, text.length).toString().trimEnd().split('\n').map((line) => JSON.parse(line) as TappedMessage)),
    warn: (text) => observer.warn(text),
    ...observer.read && { read: (toMicros: number) => observer.read!(toMicros) },
  })
  const timer = setInterval(() => observer.health(tap.health()), HEALTH_MS)
  timer.unref()
  void tap.ended.then(() => clearInterval(timer))
  return tap
}
