import { withoutArguments } from './redacted-arguments.ts'
import { withoutMembers } from './redacted-members.ts'
import { mayHoldUserInformation, withoutUserInformation } from './user-information.ts'

const MAX_NAME_LENGTH = 64
/** With the flag u a pair is one character. What is not paired cannot be encoded. */
const LONE_SURROGATE = /[\ud800-\udfff]/gu

/** Stands where something was taken out. */
export const REDACTED = '[redacted]'

/**
 * What must not be shown, as plain data. It is applied where texts are made out of captured bytes, so nothing that is stored,
 * printed or exported has it. Only captured packets themselves (`-w`) are never changed.
 */
export interface RedactionRules {
  /** Replace what a protocol sends to prove who it is: AUTH, SASL answers, password messages, tokens in a start-up; and the user information of URLs in all texts. */
  readonly credentials: boolean
  /** Header fields whose values are replaced: names in lower case, `*` stands for any characters. */
  readonly headers: readonly string[]
  /** Parameters of a query or a form, members of JSON and arguments of GraphQL whose values are replaced, written like header names. */
  readonly parameters: readonly string[]
  /** Regular expressions (flags `giu`); what they match in a body, a statement or a value is replaced. */
  readonly texts: readonly string[]
}

export const DEFAULT_REDACTION: RedactionRules = {
  credentials: true,
  headers: ['authorization', 'proxy-authorization', 'cookie', 'set-cookie'],
  parameters: [],
  texts: [],
}

export const NO_REDACTION: RedactionRules = { credentials: false, headers: [], parameters: [], texts: [] }

/** The rules, made ready. */
export class Redactor {
  /** See RedactionRules. */
  readonly credentials: boolean
  /** False: `text` changes nothing but user information of URLs, so that texts without need not even be made for it. */
  readonly changesTexts: boolean
  /** False: the same of `target`. */
  readonly changesTargets: boolean
  /** Some parameters are hidden. */
  readonly hidesParameters: boolean
  readonly #names: ReadonlySet<string>
  /** 1 for each length that a hidden name has: most names are told apart by it. */
  readonly #lengths = new Uint8Array(MAX_NAME_LENGTH)
  readonly #patterns: readonly RegExp[]
  readonly #parameters: readonly RegExp[]
  readonly #texts: readonly RegExp[]

  constructor(rules: RedactionRules) {
    this.credentials = rules.credentials
    this.#names = new Set(rules.headers.filter((name) => !name.includes('*')).map((name) => name.toLowerCase()))
    for (const name of this.#names) this.#lengths[Math.min(name.length, MAX_NAME_LENGTH - 1)] = 1
    this.#patterns = rules.headers.filter((name) => name.includes('*')).map(wildcard)
    this.#parameters = rules.parameters.map(wildcard)
    this.#texts = rules.texts.map((source) => new RegExp(source, 'giu'))
    this.hidesParameters = rules.parameters.length > 0
    this.changesTexts = rules.texts.length > 0 || this.hidesParameters
    this.changesTargets = this.changesTexts
  }

  /** `name` as sent, in any case. */
  hidesHeader(name: string): boolean {
    if (this.#patterns.length === 0 && this.#lengths[Math.min(name.length, MAX_NAME_LENGTH - 1)] === 0) return false
    const lower = name.toLowerCase()
    return this.#names.has(lower) || this.#patterns.some((pattern) => pattern.test(lower))
  }

  header(name: string, value: string): string {
    return this.hidesHeader(name) ? REDACTED : value
  }

  /** A path with its query and fragment, or another URI: values of hidden parameters are replaced, and what the texts say. */
  target(target: string): string {
    const mark = this.hidesParameters ? target.search(/[?#]/) : -1
    return this.text(mark < 0 ? target : target.slice(0, mark + 1) + target.slice(mark + 1).split(/([?#])/).map((part) => this.form(part)).join(''))
  }

  /** The user information of an absolute target, and of one that is an authority alone, counts as a credential (RFC 3986 §3.2.1). */
  authority(target: string): string {
    if (!this.credentials || target.startsWith('/') || !target.includes('@')) return target
    return target.replace(/^([a-z][a-z0-9+.-]*:\/\/)?[^/?#]*@/i, (_, scheme: string | undefined) => `${scheme ?? ''}${REDACTED}@`)
  }

  /** The same of every URL in a text. */
  urls(text: string): string {
    return this.credentials ? withoutUserInformation(text, REDACTED) : text
  }

  /** False: `text` gives back what it gets, also where the escapes of JSON in it are undone first. */
  mayChange(text: string): boolean {
    return this.changesTexts || (this.credentials && mayHoldUserInformation(text))
  }

  /** `a=1&b=2`, as in a query or a form (application/x-www-form-urlencoded). */
  form(pairs: string): string {
    if (this.#parameters.length === 0) return pairs
    return pairs.split('&').map((pair) => {
      const equals = pair.indexOf('=')
      if (equals < 0) return pair
      return pair.slice(0, equals + 1) + (this.hidesParameter(pair.slice(0, equals)) ? REDACTED : this.#encoded(pair.slice(equals + 1)))
    }).join('&')
  }

  /** A value with its percent-encoding, which is written anew where something in it is hidden: GraphQL's variables are JSON. */
  #encoded(value: string): string {
    if (!value.includes('%')) return value
    const before = decoded(value)
    const after = this.text(before)
    return after === before ? value : after.split(REDACTED).map((part) => encodeURIComponent(part.replace(LONE_SURROGATE, '\ufffd'))).join(REDACTED)
  }

  /** `name` as in the query, percent-encoding and all. */
  hidesParameter(name: string): boolean {
    if (this.#parameters.length === 0) return false
    const lower = decoded(name).toLowerCase()
    return this.#parameters.some((pattern) => pattern.test(lower))
  }

  /** A body, a statement, a value: without user information of URLs. Members of JSON and arguments of GraphQL in it are hidden as parameters are. */
  text(text: string): string {
    let result = this.urls(this.hidesParameters && text.includes(':') ? this.#named(text) : text)
    for (const pattern of this.#texts) result = result.replace(pattern, replacement)
    return result
  }

  #named(text: string): string {
    const hides = (name: string): boolean => this.hidesParameter(name)
    return withoutArguments(withoutMembers(text, hides, REDACTED), hides, REDACTED)
  }

  /** A password or the like. */
  credential(value: string): string {
    return this.credentials ? REDACTED : value
  }
}

/** A pattern may match between characters, where nothing is to be hidden. */
function replacement(match: string): string {
  return match === '' ? '' : REDACTED
}

const redactors = new WeakMap<RedactionRules, Redactor>()

/** One redactor for each set of rules, however many connections there are. */
export function redactorOf(rules: RedactionRules): Redactor {
  let redactor = redactors.get(rules)
  if (redactor === undefined) redactors.set(rules, redactor = new Redactor(rules))
  return redactor
}

function wildcard(pattern: string): RegExp {
  return new RegExp(`^${pattern.toLowerCase().split('*').map((part) => part.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&')).join('.*')}$`, 's')
}

function decoded(name: string): string {
  try {
    return decodeURIComponent(name.replaceAll('+', ' '))
  } catch {
    return name
  }
}
