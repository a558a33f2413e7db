/** How often values fell between bounds; as many numbers as there are bounds, whatever is observed. */
export class Histogram {
  /** Upper bounds, inclusive and ascending. */
  readonly bounds: readonly number[]
  /** Of values above the bound before and up to this one; those above the last are in `count` only. */
  readonly counts: number[]
  sum = 0
  count = 0

  constructor(bounds: readonly number[]) {
    this.bounds = bounds
    this.counts = bounds.map(() => 0)
  }

  observe(value: number): void {
    this.sum += value
    this.count++
    const at = this.bounds.findIndex((bound) => value <= bound)
    if (at >= 0) this.counts[at]!++
  }
}
