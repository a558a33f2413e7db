import type { Pod } from '../pod.ts'
import type { PodSource } from '../pod-source.ts'
import type { SessionLine } from './session-lines.ts'

/** The pods of a node as somebody outside tells them. */
export class ToldPods implements PodSource {
  #pods: readonly Pod[] = []
  #names: Readonly<Record<string, string>> = {}
  #firstWord: () => void = () => {}
  readonly #told = new Promise<void>((resolve) => { this.#firstWord = resolve })

  take({ pods, names }: SessionLine): void {
    if (names !== undefined) this.#names = names
    if (pods === undefined) return
    this.#pods = pods
    this.#firstWord()
  }

  /** Nobody tells any more. */
  end(): void {
    this.#firstWord()
  }

  get pods(): readonly Pod[] {
    return this.#pods
  }

  get chosen(): number {
    return this.#pods.length
  }

  /** Waits for the first word. */
  async refresh(): Promise<void> {
    await this.#told
  }

  names(): Readonly<Record<string, string>> {
    return this.#names
  }

  close(): void {}
}
