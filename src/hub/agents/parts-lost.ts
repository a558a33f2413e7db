import type { StorePart } from './agent-api.ts'
import { FilterError } from '../../store/store.ts'
import { Deadline } from '../../base/deadline.ts'

/** Some of several stores did not answer, or not as a store does. */
export class PartsLost extends Error {
  readonly lost: ReadonlyMap<StorePart, Error>

  constructor(lost: ReadonlyMap<StorePart, Error>) {
    super([...lost].map(([{ node }, { message }]) => `${node}: ${message}`).join('; '))
    this.lost = lost
  }
}

/** A store is too slow when it takes so much longer than the first quarter of them, and longer than this: a hub that is slow itself blames nobody. */
const GRACE_MS = 1500
const TIMES_LONGER = 4

/** Asks all at once, for what each should answer as soon as the others. Rejects with PartsLost where some fail or are slow, and with FilterError where one does not know the filter. */
export async function askAll<T>(parts: readonly StorePart[], ask: (part: StorePart, at: number) => Promise<T>): Promise<T[]> {
  const patience = new Patience(parts.length)
  const { answers, lost } = await askEach(parts, (part, at) => patience.with(ask(part, at))).finally(() => patience.end())
  if (lost.size > 0) throw new PartsLost(lost)
  return answers as T[]
}

class Patience {
  readonly #startMs = performance.now()
  readonly #tooLate: Promise<never>
  #waiting: number
  #deadline: Deadline | undefined
  #give: (error: Error) => void = () => {}

  constructor(count: number) {
    this.#waiting = Math.ceil(count / 4)
    this.#tooLate = new Promise((_, reject) => { this.#give = reject })
    this.#tooLate.catch(() => {})
  }

  with<T>(answer: Promise<T>): Promise<T> {
    void answer.then(() => this.#answered(), () => {})
    return Promise.race([answer, this.#tooLate])
  }

  #answered(): void {
    if (--this.#waiting !== 0) return
    const waitMs = Math.max(GRACE_MS, (performance.now() - this.#startMs) * TIMES_LONGER)
    this.#deadline = new Deadline(waitMs, () => this.#give(new Error(`no answer within ${(waitMs / 1000).toFixed(1)} s`)))
  }

  end(): void {
    this.#deadline?.end()
  }
}

/** Asks all at once; undefined is the answer of those that are lost. */
export async function askEach<T>(parts: readonly StorePart[], ask: (part: StorePart, at: number) => Promise<T>): Promise<{ answers: (T | undefined)[], lost: Map<StorePart, Error> }> {
  const settled = await Promise.allSettled(parts.map(ask))
  const lost = new Map<StorePart, Error>()
  const answers = settled.map((one, at) => {
    if (one.status === 'fulfilled') return one.value
    if (one.reason instanceof FilterError) throw one.reason
    lost.set(parts[at]!, one.reason as Error)
    return undefined
  })
  return { answers, lost }
}
