import { closeSync, openSync } from 'node:fs'
import { MtlscopeError } from '../base/errors.ts'
import { writeHint } from '../base/file-errors.ts'
import { jsonText } from '../base/json-text.ts'
import { VERSION } from '../base/version.ts'
import type { Health } from '../model/health.ts'
import type { Micros } from '../model/time.ts'
import { isLoopbackAddress } from '../net/address.ts'
import { PcapngWriter } from '../net/pcapng-writer.ts'
import { CaptureMerge } from '../tap/capture-merge.ts'
import type { TapPlan } from './tap-plan.ts'
import type { StatusLine } from './status-line.ts'
import { PipeOutput } from './pipe-output.ts'
import { SyncOutput } from './stdout.ts'

const ENHANCED_PACKET_BLOCK = 6
const LF = 0x0a

/** Written at once, or (a promise) when there is room. */
export interface Output { readonly closed: boolean, write(data: string | Uint8Array): void | Promise<void> }

/** What a live run writes to. */
export type LiveOutput = Pick<TapOutput, 'done' | 'messages' | 'framesWritten' | 'lines' | 'frames' | 'finish'> & {
  /** As of a LiveObserver. */
  readonly givesBack?: boolean
  /** Told where health is asked for while it runs. */
  watch?(health: () => Health): void
  /** As of a LiveObserver. */
  read?(toMicros: Micros): void
  /** Told whose addresses these are. */
  named?(workload: string, addresses: readonly string[]): void
  /** Told now and then where the flags ask for it. */
  progress?(health: Health): void
}

/** Where lines and frames go, and when there are enough of them. */
export class TapOutput {
  readonly givesBack = true
  readonly #stdout: Output
  readonly #frames: Output | undefined
  readonly #fileFd: number | undefined
  readonly #merge = new CaptureMerge()
  readonly #status: StatusLine
  readonly #json: boolean
  readonly #tellsHealth: boolean
  readonly #countFrames: boolean
  #remaining: number
  #framesWritten = 0
  #messages = 0

  /**
   * @param waits whether a slow reader of standard output may hold up the program: a file can wait, a live capture cannot.
   * @param frames where frames go, in place of what the plan names
   */
  constructor(plan: TapPlan, status: StatusLine, waits: boolean, frames?: Output) {
    this.#status = status
    this.#stdout = (waits ? undefined : PipeOutput.open(1)) ?? new SyncOutput(1, 'standard output')
    this.#json = plan.format.kind === 'json'
    this.#tellsHealth = this.#json || plan.flags.healthEvery !== undefined
    this.#countFrames = !plan.dissect
    this.#remaining = plan.flags.count ?? Infinity
    if (plan.writeTo === undefined) return
    if (plan.writeTo !== '-') this.#fileFd = openForWriting(plan.writeTo)
    this.#frames = frames ?? (this.#fileFd === undefined ? this.#stdout : new SyncOutput(this.#fileFd, plan.writeTo))
    void this.#frames.write(new PcapngWriter(`mtlscope ${VERSION}`).header())
  }

  /** Enough was shown, or nobody reads any more. */
  get done(): boolean {
    return this.#remaining <= 0 || this.#stdout.closed || (this.#frames?.closed ?? false)
  }

  get messages(): number {
    return this.#messages
  }

  get framesWritten(): number {
    return this.#framesWritten
  }

  /** @param count how many messages `text` holds, one a line. Settled when they are written. */
  lines(text: Uint8Array, count: number): void | Promise<void> {
    if (this.#remaining <= 0 || count === 0) return
    const taken = Math.min(count, this.#countFrames ? Infinity : this.#remaining)
    this.#status.clear()
    this.#messages += taken
    if (!this.#countFrames) this.#remaining -= taken
    return this.#stdout.write(taken < count ? firstLines(text, taken) : text)
  }

  /** pcapng blocks of one writer, whole. Settled when they are written; the bytes are ours. */
  frames(origin: number, blocks: Uint8Array): void | Promise<void> {
    let last: void | Promise<void> = undefined
    for (const part of this.#frames === undefined ? [] : this.#merge.blocks(origin, blocks)) {
      const wanted = this.#limitFrames(part)
      if (wanted.length > 0) last = this.#frames!.write(wanted)
    }
    return last
  }

  /** Whose addresses these are, as a name resolution block: without it nobody who reads the file could join what was seen in several namespaces. */
  named(workload: string, addresses: readonly string[]): void {
    const records = addresses.filter((ip) => !isLoopbackAddress(ip)).map((ip) => ({ ip, names: [workload] }))
    if (this.#frames === undefined || records.length === 0) return
    const writer = new PcapngWriter()
    writer.names(records)
    void this.#frames.write(writer.take())
  }

  /** A block that is no frame, such as decryption secrets. */
  block(bytes: Uint8Array): void {
    void this.#frames?.write(bytes)
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

  /** A line of JSON output that says how it goes. */
  progress(health: Health): void {
    if (this.#tellsHealth) void this.#stdout.write(jsonText({ health }) + '\n')
  }

  /** The last line of JSON output says how far the list can be trusted; undefined where there is no list. */
  async finish(health: Health | undefined): Promise<void> {
    this.#status.clear()
    if (this.#fileFd !== undefined) closeSync(this.#fileFd)
    if (this.#tellsHealth && health !== undefined) await this.#stdout.write(jsonText({ health }) + '\n')
  }
}

function firstLines(text: Uint8Array, count: number): Uint8Array {
  let at = 0
  for (let i = 0; i < count; i++) at = text.indexOf(LF, at) + 1
  return text.subarray(0, at)
}

function openForWriting(path: string): number {
  try {
    // Captures hold other people's data: for the owner only.
    return openSync(path, 'w', 0o600)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    throw new MtlscopeError('cannot-write', `cannot write ${path}: ${code}`, { hint: writeHint(code), facts: { path }, cause: error })
  }
}
