/** Rates are of the last so many seconds. */
const WINDOW_MS = 5000
const MIN_MS = 500

interface Look { readonly atMs: number, readonly packets: number, readonly messages: number }

/** How fast counts grow, by looking at them now and then. */
export class Rates {
  #looks: Look[] = []

  look(packets: number, messages: number): { packets: number, messages: number } {
    const atMs = performance.now()
    this.#looks = this.#looks.filter((look) => atMs - look.atMs < WINDOW_MS)
    const first = this.#looks[0]
    if (this.#looks.length === 0 || atMs - this.#looks.at(-1)!.atMs > MIN_MS) this.#looks.push({ atMs, packets, messages })
    if (first === undefined || atMs - first.atMs < MIN_MS) return { packets: 0, messages: 0 }
    const seconds = (atMs - first.atMs) / 1000
    return { packets: round((packets - first.packets) / seconds), messages: round((messages - first.messages) / seconds) }
  }
}

function round(value: number): number {
  return Math.max(0, Math.round(value * 10) / 10)
}
