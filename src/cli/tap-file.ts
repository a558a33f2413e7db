import type { Readable } from 'node:stream'
import { countText } from '../base/text.ts'
import { KeyLogs } from '../capture/key-logs.ts'
import type { FlowInfo } from '../model/flow.ts'
import { emptyHealth } from '../model/health.ts'
import type { Message } from '../model/message.ts'
import { PcapngWriter } from '../net/pcapng-writer.ts'
import { FrameBlocks } from '../tap/frame-blocks.ts'
import type { MessageTest } from '../tap/message-filter.ts'
import type { OfflineEmitter } from '../tap/offline.ts'
import { tapFile } from '../tap/offline.ts'
import { LineBatch, lineMaker } from '../tap/output.ts'
import { healthLines, sizeText } from './health-text.ts'
import { say, sayWarning } from './say.ts'
import { StatusLine } from './status-line.ts'
import { TapOutput } from './tap-output.ts'
import type { TapPlan } from './tap-plan.ts'

const FLUSH_BYTES = 64 * 1024
/** A pipe is read as it comes: its lines must not wait for a full batch. */
const FLUSH_MS = 50

/** `tap -r`: everything before an error is shown, then the error is thrown. `input` is read instead of the path where it is given. */
export async function runTapFile(path: string, plan: TapPlan, signal: AbortSignal, input?: Readable, wanted?: MessageTest): Promise<number> {
  const status = new StatusLine()
  // Before anything is written.
  const keyLogs = new KeyLogs(plan.keyLogs)
  keyLogs.require()
  const output = new TapOutput(plan, status, true)
  const feed = new FileFeed(plan, output, wanted)
  let health = emptyHealth()
  let whole = false
  const deadline = AbortSignal.any([signal, ...(plan.flags.for === undefined ? [] : [AbortSignal.timeout(plan.flags.for)])])
  const timer = setInterval(() => feed.flush(), FLUSH_MS)
  try {
    await tapFile(path, {
      settings: { ...plan.settings, readAtOnce: true }, filter: plan.filter, dissect: plan.dissect, decodeAs: plan.decodeAs, keyLogs, signal: deadline, ...input === undefined ? {} : { input },
      stop: () => output.done,
      onProgress: (read, total) => status.draw(() => progressText(read, total, output)),
    }, feed, (h) => { health = h })
    whole = true
  } finally {
    clearInterval(timer)
    keyLogs.close()
    feed.flush()
    // Where nothing could be read the error alone says so.
    const told = whole || health.packets > 0
    await output.finish(told ? health : undefined)
    for (const text of keyLogs.warnings()) sayWarning(text)
    if (told) for (const line of healthLines(health, output)) say(line)
  }
  return 0
}

/** Messages and frames of the engine, gathered into writes. */
class FileFeed implements OfflineEmitter {
  readonly #output: TapOutput
  /** None where only frames are wanted. */
  readonly #batch: LineBatch | undefined
  readonly #blocks: FrameBlocks | undefined
  readonly #names = new Map<number, string>()
  readonly frame: OfflineEmitter['frame']

  constructor(plan: TapPlan, output: TapOutput, wanted: MessageTest | undefined) {
    this.#output = output
    const makeLine = lineMaker(plan.format)
    this.#batch = makeLine && new LineBatch(makeLine, wanted)
    const blocks = plan.writeTo === undefined ? undefined : new FrameBlocks()
    this.#blocks = blocks
    this.frame = blocks && {
      frame: (buf, offset, captured, wire, at, linkType, id) => {
        const pending = blocks.frame(id, this.#names.get(id) ?? '', buf, offset, captured, wire, at, linkType)
        if (pending > FLUSH_BYTES) this.flush()
      },
    }
  }

  interface(i: { id: number, name?: string }): void {
    if (i.name !== undefined) this.#names.set(i.id, i.name)
  }

  secrets(type: number, bytes: Uint8Array): void {
    if (this.#blocks === undefined) return
    const writer = new PcapngWriter()
    writer.secrets(type, bytes)
    this.flush()
    this.#output.block(writer.take())
  }

  message(flow: FlowInfo, m: Message): void {
    const batch = this.#batch
    if (batch === undefined || this.#output.done) return
    batch.add(flow, m)
    if (batch.sizeBytes > FLUSH_BYTES) this.flush()
  }

  flush(): void {
    if (this.#batch !== undefined && this.#batch.lines > 0) {
      const { text, lines } = this.#batch.take()
      void this.#output.lines(text, lines)
    }
    if (this.#blocks !== undefined && this.#blocks.pendingBytes > 0) void this.#output.frames(0, this.#blocks.take())
  }
}

function progressText(read: number, total: number | undefined, output: TapOutput): string {
  const share = total === undefined || total === 0 ? '' : `${Math.floor((read / total) * 100)} % of ${sizeText(total)}`
  return `reading ${share === '' ? sizeText(read) : share} · ${countText(output.messages)} messages`
}
