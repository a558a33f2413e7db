import type { Likeness } from '../../model/message.ts'

/** Exchanges with one question and one rcode. */
class SameAnswers implements Likeness {
  readonly rcode: number
  note: object | undefined = undefined

  constructor(rcode: number) {
    this.rcode = rcode
  }
}

/** What queries ask that have the same bytes behind id and flags. */
export class Question {
  /** A header and the questions. Of the header only the counts are those of all these queries. */
  readonly bytes: Uint8Array
  /** What lines show of it, redacted: made by those who need it. */
  text: string | undefined = undefined
  #likeness: SameAnswers | undefined = undefined

  constructor(bytes: Uint8Array) {
    this.bytes = bytes
  }

  /** The same object while the answers have the same rcode. */
  likenessWith(rcode: number): Likeness {
    const known = this.#likeness
    return known?.rcode === rcode ? known : this.#likeness = new SameAnswers(rcode)
  }
}
