/** How far each of several stores is passed, together one place in their merged order. `total`: the sum. */
export interface Cut {
  readonly parts: Float64Array
  readonly total: number
}

/** `isShown`: what lies between it and the next was told in the order that a walk onwards from it has; no other order will do. */
export interface Mark extends Cut { readonly isKept: boolean, isShown: boolean }

/** Cuts that were looked up, and may be again. */
const MAX_LOOKED_UP = 512
/** Numbers of all cuts that are kept; with more, every other one of the older half goes. */
const MAX_NUMBERS = 500_000

export function cutOf(parts: Float64Array): Cut {
  return { parts, total: parts.reduce((sum, part) => sum + part, 0) }
}

/** Cuts of one merged order, none of which crosses another. What was told between two of them stays between them. */
export class CutList {
  /** By total. */
  readonly #marks: Mark[] = []
  readonly #lookedUp: Mark[] = []
  readonly #width: number

  constructor(width: number) {
    this.#width = width
  }

  /** The last cut whose total is not more. */
  below(total: number): Mark | undefined {
    return this.#marks[this.#after(total) - 1]
  }

  /** The first cut whose total is more. */
  above(total: number): Mark | undefined {
    return this.#marks[this.#after(total)]
  }

  /** The cuts between which one store's position lies. */
  around(part: number, position: number): { low: Mark | undefined, high: Mark | undefined } {
    let low = 0
    let high = this.#marks.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.#marks[middle]!.parts[part]! <= position) low = middle + 1
      else high = middle
    }
    return { low: this.#marks[low - 1], high: this.#marks[low] }
  }

  /** How many marks have no larger total. */
  #after(total: number): number {
    let low = 0
    let high = this.#marks.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.#marks[middle]!.total <= total) low = middle + 1
      else high = middle
    }
    return low
  }

  /** False where it crosses another: it is left out then. @param isKept it holds until there are too many of them */
  add(cut: Cut, isKept: boolean): boolean {
    const at = this.#after(cut.total)
    const [before, behind] = [this.#marks[at - 1], this.#marks[at]]
    if (before !== undefined && before.total === cut.total) return isSame(before, cut)
    if ((before !== undefined && !isOrdered(before, cut)) || (behind !== undefined && !isOrdered(cut, behind))) return false
    const mark = { parts: cut.parts.slice(), total: cut.total, isKept, isShown: before?.isShown ?? false }
    this.#marks.splice(at, 0, mark)
    if (!isKept) this.#rememberLookedUp(mark)
    else if (this.#marks.length * this.#width > MAX_NUMBERS) this.#thinOut()
    return true
  }

  /** What lies between two cuts that were added was told. */
  show(from: number, to: number): void {
    for (let at = this.#after(from) - 1; at >= 0 && at < this.#marks.length && this.#marks[at]!.total < to; at++) this.#marks[at]!.isShown = true
  }

  #rememberLookedUp(mark: Mark): void {
    this.#lookedUp.push(mark)
    if (this.#lookedUp.length <= MAX_LOOKED_UP) return
    const gone = this.#lookedUp.shift()!
    const at = this.#marks.indexOf(gone)
    if (at >= 0) this.#marks.splice(at, 1)
  }

  #thinOut(): void {
    const half = this.#marks.length >> 1
    const kept = this.#marks.filter((_, n) => n >= half || n % 2 === 0)
    this.#marks.splice(0, this.#marks.length, ...kept)
  }

  /** What lies before `starts` is gone: cuts that were there move behind it. */
  removeBelow(starts: Float64Array): void {
    if (this.#marks.every(({ parts }) => isNotBelow(parts, starts))) return
    const moved = this.#marks.map((mark) => isNotBelow(mark.parts, starts) ? mark : { ...cutOf(mark.parts.map((part, n) => Math.max(part, starts[n]!))), isKept: mark.isKept, isShown: mark.isShown })
    this.#marks.splice(0, this.#marks.length, ...moved.filter((mark, n) => n === 0 || mark.total !== moved[n - 1]!.total))
    this.#lookedUp.splice(0, this.#lookedUp.length, ...this.#marks.filter((mark) => !mark.isKept))
  }
}

function isSame(a: Cut, b: Cut): boolean {
  return a.parts.every((part, n) => part === b.parts[n])
}

function isOrdered(first: Cut, second: Cut): boolean {
  return first.parts.every((part, n) => part <= second.parts[n]!)
}

function isNotBelow(parts: Float64Array, starts: Float64Array): boolean {
  return parts.every((part, n) => part >= starts[n]!)
}
