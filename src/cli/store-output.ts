import type { OpenedHub } from '../hub/open-hub.ts'
import type { Health } from '../model/health.ts'
import type { LiveOutput } from './tap-output.ts'

/** Lines into a viewer's store; packets stay where they were captured. */
export class StoreOutput implements LiveOutput {
  readonly #opened: OpenedHub
  readonly #count: number
  #messages = 0
  readonly framesWritten = 0

  /** @param count ends it after so many messages */
  constructor(opened: OpenedHub, count: number) {
    this.#opened = opened
    this.#count = count
  }

  watch(health: () => Health): void {
    this.#opened.hub.healthSource = health
  }

  get done(): boolean {
    return this.#messages >= this.#count
  }

  get messages(): number {
    return this.#messages
  }

  lines(text: Uint8Array, count: number): Promise<void> {
    this.#messages += count
    return this.#opened.add(text, count)
  }

  frames(): void {}

  finish(health: Health | undefined): Promise<void> {
    if (health !== undefined) this.#opened.hub.healthSource = () => health
    return Promise.resolve()
  }
}
