import type { OpenedHub } from '../hub/open-hub.ts'
import type { PacketSegments } from '../hub/packet-segments.ts'
import type { Health } from '../model/health.ts'
import type { Micros } from '../model/time.ts'
import type { LiveOutput } from './tap-output.ts'

/** Lines into the store, frames into its segments; and both to the output of tap where that is wanted too. */
export class UiOutput implements LiveOutput {
  readonly #opened: Pick<OpenedHub, 'hub' | 'add'>
  readonly #segments: PacketSegments | undefined
  readonly #beside: LiveOutput | undefined
  readonly #count: number
  #messages = 0

  /** @param count ends it after so many messages */
  constructor(opened: Pick<OpenedHub, 'hub' | 'add'>, segments: PacketSegments | undefined, beside: LiveOutput | undefined, count: number) {
    this.#opened = opened
    this.#segments = segments
    this.#beside = beside
    this.#count = count
  }

  watch(health: () => Health): void {
    this.#opened.hub.healthSource = health
  }

  get done(): boolean {
    return this.#messages >= this.#count || (this.#beside?.done ?? false)
  }

  get messages(): number {
    return this.#messages
  }

  get framesWritten(): number {
    return this.#beside?.framesWritten ?? 0
  }

  /** Settles when the store has them: a thread that is faster gives up details first, and says so. */
  lines(text: Uint8Array, count: number): Promise<void> {
    this.#messages += count
    void this.#beside?.lines(text, count)
    return this.#opened.add(text, count)
  }

  frames(origin: number, blocks: Uint8Array): void | Promise<void> {
    // The merge changes interface numbers in place, so each of two has bytes of its own.
    if (this.#beside !== undefined) void this.#beside.frames(origin, new Uint8Array(blocks))
    this.#segments?.add(origin, blocks)
  }

  read(toMicros: Micros): void {
    this.#opened.hub.joined.read(toMicros)
  }

  named(workload: string, addresses: readonly string[]): void {
    this.#beside?.named?.(workload, addresses)
  }

  async finish(health: Health | undefined): Promise<void> {
    this.#opened.hub.joined.read(undefined)
    if (health !== undefined) this.#opened.hub.healthSource = () => health
    await this.#beside?.finish(health)
  }
}
