import type { Redactor } from '../redaction.ts'
import type { Argument } from './arguments.ts'
import { splitInline } from './inline.ts'
import { setsSecret, withoutScriptSecrets } from './script-secrets.ts'
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

/** The words of a command, its script without what is secret in it. */
export function withoutSecretLiterals(words: readonly Argument[]): readonly Argument[] {
  const at = scriptAt(words.map((word) => word.text))
  const script = words[at]
  if (script === undefined || !setsSecret(script.text)) return words
  const text = withoutScriptSecrets(script.text)
  return words.with(at, { text, sizeBytes: text.length + Math.max(0, script.sizeBytes - script.text.length) })
}

/** Whether these words are a script, or have one, that sets a password. */
export function isSecretScript(words: readonly Argument[]): boolean {
  return withoutSecretLiterals(words) !== words
}

/** Where the script of a command stands; -1 where it has none. */
function scriptAt(words: readonly string[]): number {
  switch (words[0]?.toLowerCase()) {
    case 'eval': case 'eval_ro': return 1
    case 'script': return isWord(words[1], 'load') ? 2 : -1
    case 'function': return isWord(words[1], 'load') ? words.length - 1 : -1
    default: return -1
  }
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
  eval: evalArguments,
  eval_ro: evalArguments,
  script: () => NONE,
  function: () => NONE,
  sentinel: (words) => isWord(words[1], 'set') ? parameters(words, 3) : parameters(words, 2),
} satisfies Record<string, Rule>)

function indices(words: readonly string[]): number[] {
  return words.map((_, i) => i)
}

/** What is given to a script that sets a password may be one: what stands behind the script, the number of its keys, and those. */
function evalArguments(words: readonly string[]): readonly number[] {
  if (!setsSecret(words[1] ?? '')) return NONE
  const keys = Number(words[2])
  return indices(words).filter((i) => i > 2 + (Number.isSafeInteger(keys) && keys > 0 ? keys : 0))
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

/** A reply that gives secrets away: those of CONFIG GET, ACL GETUSER, ACL LIST, ACL GENPASS, FUNCTION LIST and SLOWLOG GET. `words`: name and first word of the command. */
export function hideInReply(words: readonly Argument[], reply: Json, redactor: Redactor): Json {
  const what = words.slice(0, 2).map((word) => word.text.toLowerCase()).join(' ')
  switch (what) {
    case 'config get': return hideValues(reply, isSecretParameter, redactor)
    case 'acl getuser': return hideValues(reply, (name) => name === 'passwords', redactor)
    case 'acl genpass': return redactor.credential(String(reply))
    case 'function list': return hideScripts(reply)
    case 'slowlog get': return hideCommands(reply, redactor)
    case 'acl list': return Array.isArray(reply) ? reply.map((line) => hideHashes(line as Json, redactor)) : reply
    default: return reply
  }
}

/** A reply whose command was not captured: what would be a secret behind its name, in whatever reply or command it stands. */
export function hideInUnasked(reply: Json, redactor: Redactor): Json {
  const shown = hideValues(reply, (name) => name === 'passwords' || isSecretParameter(name), redactor)
  if (!Array.isArray(shown)) return hideScripts(shown)
  if (!shown.every((word) => typeof word === 'string')) return shown.map((line) => hideHashes(hideScripts(line as Json), redactor))
  return hideWords(shown, redactor).map((word) => hideHashes(word, redactor))
}

/** What would be a secret if these were the words of a command. */
function hideWords(words: readonly string[], redactor: Redactor): string[] {
  const secrets = secretsOf(words)
  return words.map((word, i) => secrets.includes(i) ? redactor.credential(word) : withoutScriptSecrets(word))
}

/** The commands within, lists of words. */
function hideCommands(reply: Json, redactor: Redactor): Json {
  if (!Array.isArray(reply)) return reply
  return reply.every((word) => typeof word === 'string') ? hideWords(reply, redactor) : reply.map((part) => hideCommands(part as Json, redactor))
}

/** The scripts within, at whatever depth. */
function hideScripts(reply: Json): Json {
  if (typeof reply === 'string') return withoutScriptSecrets(reply)
  if (reply === null || typeof reply !== 'object') return reply
  if (Array.isArray(reply)) return reply.map((part) => hideScripts(part as Json))
  return Object.fromEntries(Object.entries(reply).map(([name, value]) => [name, hideScripts(value as Json)]))
}

/** A line of MONITOR: words in quotes. As it is where nothing in it is secret. */
export function hideInMonitored(line: string, redactor: Redactor): string {
  const sent = splitInline(line).map((text): Argument => ({ text, sizeBytes: text.length }))
  const words = withoutSecretLiterals(sent)
  const secrets = secretWords(words)
  if (words === sent && secrets.length === 0) return line
  return words.map(({ text }, i) => `"${secrets.includes(i) ? redactor.credential(text) : text}"`).join(' ')
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
