import { closeSync, openSync } from 'node:fs'
import { MtlscopeError } from '../base/errors.ts'
import { VERSION } from '../base/version.ts'
import type { Health } from '../model/health.ts'
import { PcapngWriter } from '../net/pcapng-writer.ts'
import { CaptureMerge } from '../tap/capture-merge.ts'
import type { TapPlan } from './tap-plan.ts'
import type { StatusLine } from './status-line.ts'
import { SyncOutput } from './stdout.ts'

const ENHANCED_PACKET_BLOCK = 6

/** Where lines and frames go, and when there are enough of them. */
export class TapOutput {
  readonly #lines = new SyncOutput(1, 'standard output')
  readonly #frames: SyncOutput | undefined
  readonly #fileFd: number | undefined
  readonly #merge = new CaptureMerge()
  readonly #status: StatusLine
  readonly #json: boolean
  readonly #countFrames: boolean
  #remaining: number
  #framesWritten = 0
  #messages = 0

  constructor(plan: TapPlan, status: StatusLine) {
    this.#status = status
    this.#json = plan.format.kind === 'json'
    this.#countFrames = !plan.dissect
    this.#remaining = plan.flags.count ?? Infinity
    if (plan.writeTo === undefined) return
    if (plan.writeTo !== '-') this.#fileFd = openForWriting(plan.writeTo)
    this.#frames = new SyncOutput(this.#fileFd ?? 1, plan.writeTo === '-' ? 'standard output' : plan.writeTo)
    this.#frames.write(new PcapngWriter(`mtlscope ${VERSION}`).header())
  }

  /** Enough was shown, or nobody reads any more. */
  get done(): boolean {
    return this.#remaining <= 0 || this.#lines.closed || (this.#frames?.closed ?? false)
  }

  get messages(): number {
    return this.#messages
  }

  get framesWritten(): number {
    return this.#framesWritten
  }

  /** @param count how many messages `text` holds, one a line */
  lines(text: string, count: number): void {
    if (this.#remaining <= 0 || count === 0) return
    const taken = Math.min(count, this.#countFrames ? Infinity : this.#remaining)
    this.#status.clear()
    this.#lines.write(taken < count ? firstLines(text, taken) : text)
    this.#messages += taken
    if (!this.#countFrames) this.#remaining -= taken
  }

  /** pcapng blocks of one writer, whole. */
  frames(origin: number, blocks: Uint8Array): void {
    if (this.#frames === undefined) return
    for (const part of this.#merge.blocks(origin, blocks)) {
      const wanted = this.#limitFrames(part)
      if (wanted.length > 0) this.#frames.write(wanted)
    }
  }

  /** A block that is no frame, such as decryption secrets. */
  block(bytes: Uint8Array): void {
    this.#frames?.write(bytes)
  }

  #limitFrames(blocks: Uint8Array): Uint8Array {
    const view = new DataView(blocks.buffer, blocks.byteOffset, blocks.byteLength)
    let at = 0
    while (at < blocks.length) {
      if (view.getUint32(at, true) === ENHANCED_PACKET_BLOCK) {
        if (this.#countFrames && this.#remaining <= 0) break
        this.#framesWritten++
        if (this.#countFrames) this.#remaining--
      }
      at += view.getUint32(at + 4, true)
    }
    return blocks.subarray(0, at)
  }

  /** The last line of JSON output says how far the list can be trusted. */
  finish(health: Health): void {
    this.#status.clear()
    if (this.#json) this.#lines.write(JSON.stringify({ health }) + '\n')
    if (this.#fileFd !== undefined) closeSync(this.#fileFd)
  }
}

function firstLines(text: string, count: number): string {
  let at = 0
  for (let i = 0; i < count; i++) at = text.indexOf('\n', at) + 1
  return text.slice(0, at)
}

function openForWriting(path: string): number {
  try {
    // Captures hold other people's data: for the owner only.
    return openSync(path, 'w', 0o600)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    throw new MtlscopeError('cannot-write', `cannot write ${path}: ${code}`, { facts: { path }, cause: error })
  }
}
