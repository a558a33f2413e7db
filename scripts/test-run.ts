import { run } from 'node:test'
import { Readable } from 'node:stream'
import { ROOT } from './checkout.ts'

export interface Phase {
  readonly files: readonly string[]
  readonly concurrency: number
  /** A single test that takes longer has failed. */
  readonly timeoutMs: number
}

type RunnerEvent = { type: string, data: { nesting?: number, file?: string, name?: string, skip?: string | boolean, message?: string, counts?: Record<string, number> } }

/** The count that is no sum where phases ran side by side. */
const ELAPSED = 'duration_ms'

/** Several runs of Node's test runner, told as one: their closing counts are added up. */
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

  /** The events of all phases for a reporter: the rounds one after the other, the phases of a round side by side. Before the counts come the skips, by reason. */
  async *events(rounds: readonly (readonly Phase[])[]): AsyncGenerator<RunnerEvent> {
    const start = performance.now()
    for (const phases of rounds) {
      const runs = phases.filter(({ files }) => files.length > 0).map((phase) => this.#run(phase))
      for await (const event of runs.length === 1 ? runs[0]! : fileByFile(runs)) if (!this.#absorb(event)) yield event
    }
    yield* this.#skipLines().map(diagnostic)
    if (this.#counts.has(ELAPSED)) this.#counts.set(ELAPSED, performance.now() - start)
    this.closingLines = [...this.#counts].map(([name, count]) => `${name} ${count}`)
    yield* this.closingLines.map(diagnostic)
  }

  #run({ files, concurrency, timeoutMs }: Phase): AsyncIterable<RunnerEvent> {
    return run({ files: [...files], concurrency, cwd: ROOT, timeout: timeoutMs, testNamePatterns: this.#namePattern, signal: this.#signal }) as AsyncIterable<RunnerEvent>
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

/** Runs side by side as one stream. What a file says stays together, as a reporter wants it: it is told when the next file of its run begins. */
async function* fileByFile(runs: readonly AsyncIterable<RunnerEvent>[]): AsyncGenerator<RunnerEvent> {
  const groups = new Readable({ objectMode: true, read() {} })
  void Promise.all(runs.map((events) => groupByFile(events, (group) => void groups.push(group))))
    .then(() => groups.push(null), (error: Error) => groups.destroy(error))
  for await (const group of groups as AsyncIterable<RunnerEvent[]>) yield* group
}

async function groupByFile(events: AsyncIterable<RunnerEvent>, tell: (group: RunnerEvent[]) => void): Promise<void> {
  let group: RunnerEvent[] = []
  for await (const event of events) {
    if (group.length > 0 && event.data.file !== group[0]!.data.file) {
      tell(group)
      group = []
    }
    group.push(event)
  }
  tell(group)
}

function diagnostic(message: string): RunnerEvent {
  return { type: 'test:diagnostic', data: { nesting: 0, message } }
}
