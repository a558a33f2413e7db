import { cutMiddle } from '../../base/text.ts'
import { isAsciiIn } from '../http/headers.ts'
import type { Redactor } from '../redaction.ts'
import type { Argument } from './arguments.ts'
import { isInline, nameEnds, wordsOf } from './arguments.ts'
import type { Frame } from './frame.ts'
import { MAX_SHOWN_ARGUMENTS, MAX_SHOWN_CHARACTERS } from './limits.ts'
import { secretWords, withoutSecretLiterals } from './secrets.ts'
import { showingOf } from './shown-words.ts'
import { lineText } from './value.ts'

const MORE = '…'
const NO_SECRETS: readonly number[] = []

/** One line for a list: the command with its key, and what else tells something: `GET cart:7`, `SET k …`, `LRANGE list 0 9`. */
export function commandText(frame: Frame, redactor: Redactor): string {
  const { list: sent, count } = wordsOf(frame, wordsWanted(frame.text))
  const name = sent[0]
  if (name === undefined) return 'incomplete command'
  const showing = showingOf(name.text)
  const mayBeSecret = showing.hasSecrets && redactor.credentials
  const list = mayBeSecret ? withoutSecretLiterals(sent) : sent
  const secrets = mayBeSecret ? secretWords(list) : NO_SECRETS
  const last = Math.min(showing.lastShown, list.length - 1)
  let text = showing.name
  for (let i = 1; i <= last; i++) text += ' ' + (secrets.includes(i) ? redactor.credential(list[i]!.text) : argumentText(list[i]!, redactor))
  const showsKey = showing.isScripted && list.length > 3 && list[2]!.text !== '0'
  if (showsKey) text += ' ' + argumentText(list[3]!, redactor)
  // Those that are left out, within or at the end.
  return last + (showsKey ? 2 : 1) < count ? `${text} ${MORE}` : text
}

/** More than the name says are not looked at. */
function wordsWanted(text: string): number {
  if (isInline(text)) return MAX_SHOWN_ARGUMENTS
  const [from, to] = nameEnds(text)
  return to === 0 ? MAX_SHOWN_ARGUMENTS : showingOf(text.slice(from, to)).words
}

function argumentText({ text, sizeBytes }: Argument, redactor: Redactor): string {
  const isPlain = text.length <= MAX_SHOWN_CHARACTERS && text.length >= sizeBytes && !redactor.mayChange(text) && isAsciiIn(text, 0, text.length)
  if (isPlain) return text
  const line = lineText(text)
  // What is cut in two would not be known any more.
  const shown = short(redactor.text(redactor.mayChange(line) ? line : short(line)))
  return text.length < sizeBytes && !shown.endsWith(MORE) ? shown + MORE : shown
}

function short(text: string): string {
  return cutMiddle(text, MAX_SHOWN_CHARACTERS)
}
