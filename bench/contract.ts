/** How a goal is set: against a number of ours, or against a peer measured in the same run. */
export type Goal =
  | { readonly atMost: number }
  | { readonly atLeast: number }
  /** The peer's median divided by ours is at least this: so many times less than the peer. */
  | { readonly timesLessThan: string, readonly factor: number }
  /** Ours divided by the peer's median is at least this: 0.9 keeps nine tenths of what the peer gives. */
  | { readonly shareOf: string, readonly factor: number }

export interface Peer {
  /** Program and version, so that figures can be compared later. */
  readonly name: string
  readonly samples: readonly number[]
}

/** One measured quantity. Samples, not averages: the runner takes medians. */
export interface Row {
  /** Unique within the bench; with the bench's name it is the key that `--against` compares by. */
  readonly metric: string
  readonly unit: string
  readonly samples: readonly number[]
  readonly peers?: readonly Peer[]
  readonly goal?: Goal
  /** What a reader must know beside the number: sizes, settings, drops. */
  readonly note?: string
}

export interface BenchContext {
  /** A folder for files of this bench; removed when it ends. */
  readonly folder: string
  /** Says on standard error what is going on. */
  progress(text: string): void
}

/** What a file `bench/NAME.bench.ts` exports as `bench`. It asserts nothing and measures peers and itself in turn, in the same run. */
export interface Bench {
  readonly name: string
  /** The sentence of the README that the figures stand behind. */
  readonly claim: string
  run(context: BenchContext): Promise<Row[]>
}

export function median(samples: readonly number[]): number {
  const sorted = [...samples].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}
