const TRIAL = 64
const PAUSE = 1024

/** Whether looking into a memo pays: it is tried now and then, and left alone for a while where fewer than one in four was known. */
export class Worth {
  #left = TRIAL
  #hits = 0
  #pause = 0

  /** Asked before each look. */
  get isGiven(): boolean {
    if (this.#pause === 0) return true
    this.#pause--
    return false
  }

  looked(isHit: boolean): void {
    if (isHit) this.#hits++
    if (--this.#left > 0) return
    if (this.#hits * 4 < TRIAL) this.#pause = PAUSE
    this.#left = TRIAL
    this.#hits = 0
  }
}
