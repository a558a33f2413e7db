import { run } from 'node:test'
import { ROOT } from './checkout.ts'

export interface Phase {
  readonly files: readonly string[]
  readonly concurrency: number
  /** A single test that takes longer has failed. */
  readonly timeoutMs: number
}

type RunnerEvent = { type: string, data: { nesting?: number, file?: string, name?: string, skip?: string | boolean, message?: string, counts?: Record<string, number> } }

/** Several runs of Node's test runner, one after the other, told as one: their closing counts are added up. */
export class TestRun {
  failed = false
  /** What the runner says at the end: `tests 12`, …, `duration_ms 1034.2`. */
  closingLines: string[] = []
  readonly #namePattern: string | undefined
  readonly #signal: AbortSignal | undefined
  readonly #counts = new Map<string, number>()
  readonly #skips = new Map<string, string[]>()

  /** @param namePattern regular expression; tests whose names do not match it are left out. @param signal ends what still runs, as failed. */
  constructor(namePattern?: string, signal?: AbortSignal) {
    this.#namePattern = namePattern
    this.#signal = signal
  }

  /** The events of all phases for a reporter; before the counts come the skips, by reason. */
  async *events(phases: readonly Phase[]): AsyncGenerator<RunnerEvent> {
    for (const { files, concurrency, timeoutMs } of phases) {
      if (files.length === 0) continue
      const events = run({ files: [...files], concurrency, cwd: ROOT, timeout: timeoutMs, testNamePatterns: this.#namePattern, signal: this.#signal })
      for await (const event of events as AsyncIterable<RunnerEvent>) {
        if (!this.#absorb(event)) yield event
      }
    }
    yield* this.#skipLines().map(diagnostic)
    this.closingLines = [...this.#counts].map(([name, count]) => `${name} ${count}`)
    yield* this.closingLines.map(diagnostic)
  }

  /** True for what is told once at the end instead. */
  #absorb({ type, data }: RunnerEvent): boolean {
    if (type === 'test:pass' && data.skip !== undefined && data.skip !== false) this.#skipped(data)
    if (type === 'test:fail') this.failed = true
    if (type === 'test:summary') return data.file === undefined
    const count = type === 'test:diagnostic' && data.nesting === 0 && data.file === undefined ? /^(\w+) ([\d.]+)$/.exec(data.message ?? '') : null
    if (count === null) return false
    this.#counts.set(count[1]!, (this.#counts.get(count[1]!) ?? 0) + Number(count[2]))
    return true
  }

  #skipped({ skip, name, file }: RunnerEvent['data']): void {
    const reason = typeof skip === 'string' && skip !== '' ? skip : 'no reason given'
    const names = this.#skips.get(reason) ?? []
    names.push(`${name} (${file?.replace(ROOT, '')})`)
    this.#skips.set(reason, names)
  }

  #skipLines(): string[] {
    return [...this.#skips].flatMap(([reason, names]) => [`skipped, ${reason}:`, ...names.map((name) => `  ${name}`)])
  }
}

function diagnostic(message: string): RunnerEvent {
  return { type: 'test:diagnostic', data: { nesting: 0, message } }
}
