/** What the elements of a set mean, once for all rules that name it: a set may have a hundred thousand, and a thousand rules. */
export class Elements<Range> {
  readonly #known = new WeakMap<readonly unknown[], readonly Range[] | 'none'>()
  readonly #read: (value: unknown) => Range | undefined
  readonly #order: (ranges: readonly Range[]) => readonly Range[]

  constructor(read: (value: unknown) => Range | undefined, order: (ranges: readonly Range[]) => readonly Range[]) {
    this.#read = read
    this.#order = order
  }

  /** Undefined where one of them is none. */
  of(values: readonly unknown[]): readonly Range[] | undefined {
    let known = this.#known.get(values)
    if (known === undefined) this.#known.set(values, known = this.#readAll(values))
    return known === 'none' ? undefined : known
  }

  #readAll(values: readonly unknown[]): readonly Range[] | 'none' {
    const ranges: Range[] = []
    for (const value of values) {
      const range = this.#read(value)
      if (range === undefined) return 'none'
      ranges.push(range)
    }
    return this.#order(ranges)
  }
}
