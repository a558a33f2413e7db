import { cutMiddle } from '../../base/text.ts'
import { isContainer, isKnownCommand, isScripted, isValued } from './commands.ts'
import { MAX_SHOWN_ARGUMENTS, MAX_SHOWN_CHARACTERS } from './limits.ts'
import { hasSecretRule } from './secrets.ts'

/** How a command is shown in one line, as far as its name says it. */
export interface Showing {
  /** The name as it is shown. */
  readonly name: string
  /** How many of its words must be read, the name among them. */
  readonly words: number
  /** The last that is shown. */
  readonly lastShown: number
  /** A script, then how many keys there are, then the first key. */
  readonly isScripted: boolean
  readonly hasSecrets: boolean
}

/** Names that are known may come in upper, lower and mixed case. */
const MAX_REMEMBERED = 2048
const remembered = new Map<string, Showing>()

/** `name` as sent. */
export function showingOf(name: string): Showing {
  const known = remembered.get(name)
  if (known !== undefined) return known
  const showing = makeShowing(name)
  if (remembered.size < MAX_REMEMBERED && isKnownCommand(name)) remembered.set(name, showing)
  return showing
}

function makeShowing(name: string): Showing {
  const lower = name.toLowerCase()
  const scripted = isScripted(lower)
  const hasSecrets = hasSecretRule(lower)
  const lastShown = scripted ? 1 : isContainer(lower) ? 2 : isValued(lower) ? 1 : Infinity
  const words = hasSecrets || lastShown === Infinity ? MAX_SHOWN_ARGUMENTS : scripted ? 4 : lastShown + 1
  return { name: isNameText(name) ? name.toUpperCase() : cutMiddle(name, MAX_SHOWN_CHARACTERS), words, lastShown, isScripted: scripted, hasSecrets }
}

function isNameText(name: string): boolean {
  return /^[a-z][\w.|-]*$/i.test(name)
}
