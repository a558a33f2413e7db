import type { Redactor } from '../redaction.ts'
import type { Argument } from './arguments.ts'
import type { Json } from './value.ts'

/** Parameters of CONFIG and SENTINEL whose values are passwords. */
const SECRET_PARAMETER = /^(?:requirepass|masterauth|primaryauth|sentinel-pass|auth-pass|tls-(?:client-)?key-file-pass)$/i

export function isSecretParameter(name: string): boolean {
  return SECRET_PARAMETER.test(name)
}

/** Indices of the words that prove who the client is, or will. `words[0]` is the name of the command. */
export function secretWords(words: readonly Argument[]): readonly number[] {
  return secretsOf(words.map((word) => word.text))
}

function secretsOf(words: readonly string[]): readonly number[] {
  return RULES[words[0]?.toLowerCase() ?? '']?.(words) ?? NONE
}

/** Some commands of this name may have such words. `lower`: in lower case. */
export function hasSecretRule(lower: string): boolean {
  return RULES[lower] !== undefined
}

type Rule = (words: readonly string[]) => readonly number[]
const NONE: readonly number[] = []

const RULES: Readonly<Record<string, Rule | undefined>> = Object.assign(Object.create(null) as Record<string, Rule>, {
  // AUTH password, or AUTH user password. What is too much is hidden, too.
  auth: (words) => words.length <= 2 ? [1] : indices(words).slice(2),
  hello: (words) => after(words, 'auth', 2, 2),
  migrate: (words) => [...after(words, 'auth', 1, 1), ...after(words, 'auth2', 2, 2)],
  acl: (words) => isWord(words[1], 'setuser') ? indices(words).filter((i) => i > 2 && /(?:^|[\s(])[><#!]/.test(words[i]!)) : NONE,
  config: (words) => isWord(words[1], 'set') ? parameters(words, 2) : NONE,
  sentinel: (words) => isWord(words[1], 'set') ? parameters(words, 3) : parameters(words, 2),
} satisfies Record<string, Rule>)

function indices(words: readonly string[]): number[] {
  return words.map((_, i) => i)
}

function isWord(word: string | undefined, wanted: string): boolean {
  return word?.toLowerCase() === wanted
}

/** The words from the `first` to the `last` behind each one that reads `word`; the name itself does not count. */
function after(words: readonly string[], word: string, first: number, last: number): number[] {
  return indices(words).filter((i) => words.some((other, at) => at > 0 && isWord(other, word) && i >= at + first && i <= at + last))
}

/** Values behind the names of secret parameters, from `from` on. */
function parameters(words: readonly string[], from: number): number[] {
  return indices(words).filter((i) => i > from && isSecretParameter(words[i - 1]!))
}

/** A reply that gives secrets away: those of CONFIG GET, ACL GETUSER, ACL LIST and ACL GENPASS. `words`: name and first word of the command. */
export function hideInReply(words: readonly Argument[], reply: Json, redactor: Redactor): Json {
  const what = words.slice(0, 2).map((word) => word.text.toLowerCase()).join(' ')
  switch (what) {
    case 'config get': return hideValues(reply, isSecretParameter, redactor)
    case 'acl getuser': return hideValues(reply, (name) => name === 'passwords', redactor)
    case 'acl genpass': return redactor.credential(String(reply))
    case 'acl list': return Array.isArray(reply) ? reply.map((line) => hideHashes(line as Json, redactor)) : reply
    default: return reply
  }
}

/** A reply whose command was not captured: what would be a secret behind its name, in whatever reply or command it stands. */
export function hideInUnasked(reply: Json, redactor: Redactor): Json {
  const shown = hideValues(reply, (name) => name === 'passwords' || isSecretParameter(name), redactor)
  if (!Array.isArray(shown) || !shown.every((word) => typeof word === 'string')) return Array.isArray(shown) ? shown.map((line) => hideHashes(line as Json, redactor)) : shown
  const secrets = secretsOf(shown)
  return shown.map((word, i) => secrets.includes(i) ? redactor.credential(word) : hideHashes(word, redactor))
}

function hideHashes(line: Json, redactor: Redactor): Json {
  return typeof line === 'string' ? line.replace(/#[0-9a-f]{64}/g, (hash) => `#${redactor.credential(hash.slice(1))}`) : line
}

/** Values behind the names that are secret, in a flat list (RESP2) or a map (RESP3). */
function hideValues(reply: Json, isSecret: (name: string) => boolean, redactor: Redactor): Json {
  if (Array.isArray(reply)) {
    const list = reply as readonly Json[]
    return list.map((value, i) => i % 2 === 1 && isSecret(String(list[i - 1])) ? hideValue(value, redactor) : value)
  }
  if (reply === null || typeof reply !== 'object') return reply
  return Object.fromEntries(Object.entries(reply).map(([name, value]) => [name, isSecret(name) ? hideValue(value as Json, redactor) : value as Json]))
}

function hideValue(value: Json, redactor: Redactor): Json {
  return Array.isArray(value) ? value.map(() => redactor.credential('')) : redactor.credential(String(value))
}
