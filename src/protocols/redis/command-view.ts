import type { Redactor } from '../redaction.ts'
import { isInline, wordsOf } from './arguments.ts'
import type { Argument } from './arguments.ts'
import { isContainer } from './commands.ts'
import type { Frame } from './frame.ts'
import { secretWords, withoutSecretLiterals } from './secrets.ts'
import type { Json } from './value.ts'
import { bytesValue, lineText } from './value.ts'

/** What JSON shows of a command; docs/protocols/redis.md has every field. */
export interface CommandView {
  command: string | undefined
  arguments: Json[] | undefined
  argumentCount: number
  bytes: number
  inline: true | undefined
  truncated: true | undefined
  durationMicros: number
}

/** `withValues`: false shows no arguments, only how many there are. */
export function commandView(frame: Frame, redactor: Redactor, withValues: boolean): CommandView {
  const { list, count } = wordsOf(frame)
  const name = commandName(list)
  const before = name?.includes(' ') ? 2 : 1
  return {
    command: name,
    arguments: withValues ? argumentValues(list, redactor).slice(before) : undefined,
    argumentCount: Math.max(0, count - before),
    bytes: frame.sizeBytes,
    inline: isInline(frame.text) ? true : undefined,
    truncated: frame.isCut ? true : undefined,
    durationMicros: Math.max(0, frame.endMicros - frame.atMicros),
  }
}

/** In upper case; those with several meanings with the word that tells which: `CLIENT SETINFO`. */
function commandName(list: readonly Argument[]): string | undefined {
  const [first, second] = list
  if (first === undefined) return undefined
  const name = lineText(first.text).toUpperCase()
  return second !== undefined && isContainer(first.text.toLowerCase()) ? `${name} ${lineText(second.text).toUpperCase()}` : name
}

function argumentValues(sent: readonly Argument[], redactor: Redactor): Json[] {
  const list = redactor.credentials ? withoutSecretLiterals(sent) : sent
  const secrets = redactor.credentials ? secretWords(list) : []
  return list.map(({ text, sizeBytes }, i) => secrets.includes(i) ? redactor.credential(text) : bytesValue(text, sizeBytes, redactor))
}
