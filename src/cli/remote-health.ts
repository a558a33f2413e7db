import type { Health, RefusedHealth } from '../model/health.ts'
import { addHealth, emptyHealth } from '../model/health.ts'

/** What became of the packets on all nodes: of each the newest word. */
export class RemoteHealth {
  /** Beside what the nodes say: those that could not be asked. */
  readonly refused: RefusedHealth[] = []
  readonly #nodes = new Map<number, Health>()

  /** `text`: a line `{"health":…}` of the run of that number. What is none is left out. */
  take(run: number, text: string): void {
    try {
      const { health } = JSON.parse(text) as { health?: Partial<Health> }
      this.#nodes.set(run, { ...emptyHealth(), ...health })
    } catch {
      // An agent of another version: its counts are missing.
    }
  }

  total(): Health {
    const total = emptyHealth()
    for (const health of this.#nodes.values()) addHealth(total, health)
    total.refused.push(...this.refused)
    return total
  }
}
