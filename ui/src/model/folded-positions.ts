/** Positions of a list that are not shown, and what that makes of the numbers of its rows. Positions and rows are whole numbers, positions also negative ones. */
export class FoldedPositions {
  /** Ascending. */
  #folded: number[] = []

  add(position: number): void {
    const at = this.#before(position)
    if (this.#folded[at] !== position) this.#folded.splice(at, 0, position)
  }

  remove(position: number): void {
    const at = this.#before(position)
    if (this.#folded[at] === position) this.#folded.splice(at, 1)
  }

  clear(): void {
    this.#folded = []
  }

  /** Rows that are shown of the positions `start <= position < end`. */
  rowsBetween(start: number, end: number): number {
    return Math.max(0, end - start - (this.#before(end) - this.#before(start)))
  }

  /** The row that a position has, or the next one where it is not shown. */
  rowOf(start: number, position: number): number {
    return position <= start ? position - start : this.rowsBetween(start, position)
  }

  positionOf(start: number, row: number): number {
    const first = this.#before(start)
    let low = first
    let high = this.#folded.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.#folded[middle]! - start - (middle - first) <= row) low = middle + 1
      else high = middle
    }
    return start + row + (low - first)
  }

  /** How many lie before a position. */
  #before(position: number): number {
    let low = 0
    let high = this.#folded.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.#folded[middle]! < position) low = middle + 1
      else high = middle
    }
    return low
  }
}
