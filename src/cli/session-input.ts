import { createInterface } from 'node:readline'
import { ALONE_MS, parseSessionLine } from '../kube/session/session-lines.ts'
import type { SessionQuestion } from '../kube/session/session-lines.ts'
import { ToldPods } from '../kube/session/told-pods.ts'

/** After its end was asked for a program has this time to write what it has. */
const END_MS = 15_000

let opened: SessionInput | undefined

/**
 * `--pods-from -`: the standard input of an agent that somebody outside has started. Its end is the end of the program, as is a
 * silence that is too long: whoever started it may be gone without a word.
 */
export class SessionInput {
  readonly pods = new ToldPods()
  readonly #questions: SessionQuestion[] = []
  #answer: ((question: SessionQuestion) => void) | undefined
  #finish: () => void = () => {}
  readonly #closed = new Promise<void>((resolve) => { this.#finish = resolve })
  #alone: NodeJS.Timeout | undefined
  #ended = false

  /** There is only one standard input: the same object each time. */
  static open(): SessionInput {
    return opened ??= new SessionInput()
  }

  private constructor() {
    const lines = createInterface({ input: process.stdin, crlfDelay: Infinity })
    this.#listen()
    lines.on('line', (text) => {
      this.#listen()
      this.#take(text)
    })
    lines.on('close', () => this.#close())
  }

  /** Questions are handed to `answer`, those that came before too; settles when there will be no more. */
  async answerAll(answer: (question: SessionQuestion) => void): Promise<void> {
    this.#answer = answer
    for (const question of this.#questions.splice(0)) answer(question)
    await this.#closed
  }

  /** Nothing more is wanted of it: it does not keep the program. */
  release(): void {
    clearTimeout(this.#alone)
    this.#ended = true
    process.stdin.destroy()
  }

  #listen(): void {
    clearTimeout(this.#alone)
    this.#alone = setTimeout(() => this.#close(), ALONE_MS)
  }

  #take(text: string): void {
    const line = parseSessionLine(text)
    if (line === undefined) return
    this.pods.take(line)
    if (line.end === true) this.#end()
    if (line.ask === undefined) return
    if (this.#answer === undefined) this.#questions.push(line.ask)
    else this.#answer(line.ask)
  }

  #end(): void {
    if (this.#ended) return
    this.#ended = true
    this.pods.end()
    // As Ctrl-C does: what was captured is written, then the program ends.
    process.kill(process.pid, 'SIGINT')
  }

  #close(): void {
    clearTimeout(this.#alone)
    this.#finish()
    this.#end()
    setTimeout(() => process.exit(1), END_MS).unref()
  }
}
