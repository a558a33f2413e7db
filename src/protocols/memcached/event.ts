import type { Message, Outcome } from '../../model/message.ts'
import type { Line } from './line.ts'
import { INCOMPLETE, SENTENCES } from './notes.ts'
import { addSentences } from '../sentences.ts'
import type { Redactor } from '../redaction.ts'

/** A line that `watch` asked for. */
export class WatchEvent implements Message {
  readonly #redactor: Redactor
  readonly #line: Line

  constructor(redactor: Redactor, line: Line) {
    this.#redactor = redactor
    this.#line = line
  }

  get protocol(): string { return 'memcached' }
  get atMicros(): number { return this.#line.atMicros }
  get elapsedMicros(): undefined { return undefined }
  get status(): undefined { return undefined }
  get outcome(): Outcome { return 'info' }
  get request(): undefined { return undefined }
  get complete(): boolean { return (this.#line.bits & INCOMPLETE) === 0 }

  get what(): string {
    const fields = this.#fields
    return ['watched', fields['type'], fields['key']].filter((word) => word !== undefined).join(' ')
  }

  get response(): object {
    return this.#fields
  }

  get #fields(): Record<string, string> {
    const text = this.#redactor.text(this.#line.text)
    return Object.fromEntries([...text.matchAll(/(\S+?)=(\S*)/g)].map(([, name, value]) => [name!, value!]))
  }

  get notes(): readonly string[] {
    const notes: string[] = []
    addSentences(notes, SENTENCES, 'response', this.#line.bits)
    return notes
  }
}
