import { cutMiddle } from '../../base/text.ts'
import type { Redactor } from '../redaction.ts'
import type { Argument } from './arguments.ts'
import { wordsOf } from './arguments.ts'
import { isContainer, isScripted, isValued } from './commands.ts'
import type { Frame } from './frame.ts'
import { MAX_SHOWN_ARGUMENTS, MAX_SHOWN_CHARACTERS } from './limits.ts'
import { secretWords } from './secrets.ts'
import { lineText } from './value.ts'

const MORE = '…'

/** One line for a list: the command with its key, and what else tells something: `GET cart:7`, `SET k …`, `LRANGE list 0 9`. */
export function commandText(frame: Frame, redactor: Redactor): string {
  const { list, count } = wordsOf(frame, MAX_SHOWN_ARGUMENTS)
  const name = list[0]
  if (name === undefined) return 'incomplete command'
  const shown = shownWords(list)
  const secrets = redactor.credentials ? secretWords(list) : []
  const parts = [isNameText(name.text) ? name.text.toUpperCase() : short(name.text)]
  for (const i of shown) {
    if (secrets.includes(i)) parts.push(redactor.credential(list[i]!.text))
    else parts.push(argumentText(list[i]!, redactor))
  }
  // Those that are left out, within or at the end.
  if (shown.length + 1 < count) parts.push(MORE)
  return parts.join(' ')
}

function isNameText(name: string): boolean {
  return /^[a-z][\w.|-]*$/i.test(name)
}

function argumentText({ text, sizeBytes }: Argument, redactor: Redactor): string {
  const shown = short(redactor.text(short(lineText(text))))
  return text.length < sizeBytes && !shown.endsWith(MORE) ? shown + MORE : shown
}

function short(text: string): string {
  return cutMiddle(text, MAX_SHOWN_CHARACTERS)
}

/** Which words are shown, beside the first. */
function shownWords(list: readonly Argument[]): readonly number[] {
  const name = list[0]!.text.toLowerCase()
  const last = list.length - 1
  if (isScripted(name)) return list[2]?.text === '0' || last < 3 ? upTo(Math.min(1, last)) : [1, 3]
  if (name === 'auth') return upTo(last)
  if (isContainer(name)) return upTo(Math.min(2, last))
  if (isValued(name)) return upTo(Math.min(1, last))
  return upTo(last)
}

function upTo(last: number): readonly number[] {
  return Array.from({ length: last }, (_, i) => i + 1)
}
