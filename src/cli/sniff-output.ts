import type { Health } from '../model/health.ts'
import { sayWarning } from './say.ts'
import type { SniffSecrets } from './sniff-secrets.ts'
import type { LiveOutput, TapOutput } from './tap-output.ts'

/** With a key log frames wait so long: a reader wants the secrets before the records, and an app logs them while it shakes hands. */
const HOLD_MS = 1000
/** More than this does not wait: the capture threads give up frames before they hold more. */
const MAX_HELD_BYTES = 16 * 1024 * 1024
const LOOK_MS = 50

/** What blocks become on their way: those of one writer. */
export interface BlockSource { blocks(origin: number, bytes: Uint8Array): Uint8Array }

interface Held { readonly bytes: Uint8Array, readonly atMs: number, readonly written: () => void }

/** Frames of a live capture on their way into one pcapng file: names added, secrets in front of what they decrypt. */
export class SniffOutput implements LiveOutput {
  readonly #file: TapOutput
  readonly #frames: BlockSource
  readonly #secrets: SniffSecrets | undefined
  readonly #timer: NodeJS.Timeout | undefined
  #held: Held[] = []
  #heldBytes = 0
  readonly messages = 0

  constructor(file: TapOutput, frames: BlockSource, secrets: SniffSecrets | undefined) {
    this.#file = file
    this.#frames = frames
    this.#secrets = secrets
    if (secrets !== undefined) this.#timer = setInterval(() => this.#release(performance.now() - HOLD_MS), LOOK_MS)
  }

  get done(): boolean {
    return this.#file.done
  }

  get framesWritten(): number {
    return this.#file.framesWritten
  }

  lines(): void {}

  frames(origin: number, blocks: Uint8Array): void | Promise<void> {
    const bytes = this.#frames.blocks(origin, blocks)
    if (this.#secrets === undefined) return this.#file.frames(0, bytes)
    return new Promise((written) => {
      this.#held.push({ bytes, atMs: performance.now(), written })
      this.#heldBytes += bytes.length
      if (this.#heldBytes > MAX_HELD_BYTES) this.#release(Infinity)
    })
  }

  /** Writes what came before that time, behind the secrets that are known now. */
  #release(beforeMs: number): void {
    const due = this.#held.findIndex(({ atMs }) => atMs > beforeMs)
    const pieces = this.#held.splice(0, due < 0 ? this.#held.length : due)
    const block = this.#secrets!.block(beforeMs === Infinity)
    for (const text of this.#secrets!.warnings()) sayWarning(text)
    if (block !== undefined) this.#file.block(block)
    for (const { bytes, written } of pieces) {
      this.#heldBytes -= bytes.length
      const settled = this.#file.frames(0, bytes)
      if (settled === undefined) written()
      else void settled.then(written)
    }
  }

  async finish(health: Health): Promise<void> {
    clearInterval(this.#timer)
    if (this.#secrets !== undefined) {
      this.#release(Infinity)
      this.#secrets.close()
    }
    await this.#file.finish(health)
  }
}
