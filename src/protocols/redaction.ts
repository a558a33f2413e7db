const MAX_NAME_LENGTH = 64

/** Stands where something was taken out. */
export const REDACTED = '[redacted]'

/**
 * What must not be shown, as plain data. It is applied where texts are made out of captured bytes, so nothing that is stored,
 * printed or exported has it. Only captured packets themselves (`-w`) are never changed.
 */
export interface RedactionRules {
  /** Replace what a protocol sends to prove who it is: AUTH, SASL answers, password messages, tokens in a start-up. */
  readonly credentials: boolean
  /** Header fields whose values are replaced: names in lower case, `*` stands for any characters. */
  readonly headers: readonly string[]
  /** Parameters of a query or a form whose values are replaced, written like header names. */
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
  /** False: `text` gives back what it gets, so texts need not even be made for it. */
  readonly changesTexts: boolean
  /** False: `target` gives back what it gets. */
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
    this.changesTexts = rules.texts.length > 0
    this.hidesParameters = rules.parameters.length > 0
    this.changesTargets = this.changesTexts || this.hidesParameters
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

  /** The user information of an absolute target counts as a credential (RFC 3986 §3.2.1). */
  authority(target: string): string {
    return this.credentials ? target.replace(/^([a-z][a-z0-9+.-]*:\/\/)[^/?#]*@/i, `$1${REDACTED}@`) : target
  }

  /** `a=1&b=2`, as in a query or a form (application/x-www-form-urlencoded). */
  form(pairs: string): string {
    if (this.#parameters.length === 0) return pairs
    return pairs.split('&').map((pair) => {
      const equals = pair.indexOf('=')
      return equals >= 0 && this.hidesParameter(pair.slice(0, equals)) ? pair.slice(0, equals + 1) + REDACTED : pair
    }).join('&')
  }

  /** `name` as in the query, percent-encoding and all. */
  hidesParameter(name: string): boolean {
    if (this.#parameters.length === 0) return false
    const lower = decoded(name).toLowerCase()
    return this.#parameters.some((pattern) => pattern.test(lower))
  }

  /** A body, a statement, a value. */
  text(text: string): string {
    let result = text
    for (const pattern of this.#texts) result = result.replace(pattern, replacement)
    return result
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
