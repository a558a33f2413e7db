import type { Action, Chain, IpVersion, Match } from './ruleset.ts'
import { EXTENSIONS } from './iptables-matches.ts'
import type { Reader } from './iptables-matches.ts'
import { ownValue } from './own-value.ts'
import { protocolNumber } from './protocol-number.ts'
import { parseTarget } from './iptables-target.ts'
import type { RuleMemory } from './rule-memory.ts'
import type { Tokens } from './tokens.ts'

export interface RuleWords { readonly matches: readonly Match[], readonly actions: readonly Action[] }
/** `word` is the place of the word in the line that is wrong. */
export interface RuleProblem { readonly word: number, readonly what: string, readonly hint?: string }

/** One object for all rules that ask for it. */
export const PROTOCOLS: readonly Match[] = Array.from({ length: 256 }, (_, number) => ({ kind: 'protocol', not: false, numbers: [number] }))

/** Options that end the unknown ones of an extension. */
const CORE = new Set(['-p', '--protocol', '-s', '--source', '-d', '--destination', '-i', '--in-interface', '-o', '--out-interface', '-m', '--match', '-j', '--jump', '-g', '--goto', '-f', '-c'])

/** The words after `-A CHAIN`. Options that are not known become a match that is neither true nor false. */
export function parseRuleWords(tokens: Tokens, version: IpVersion, memory: RuleMemory, chain: (name: string) => Chain): RuleWords | RuleProblem {
  return new RuleReader(tokens, version, memory, chain).read()
}

class RuleReader {
  readonly #tokens: Tokens
  readonly #version: IpVersion
  readonly #memory: RuleMemory
  readonly #chain: (name: string) => Chain
  readonly #matches: Match[] = []
  #actions: Action[] = []
  #not = false
  #protocol: number | undefined
  /** Extension of the last -m: what unknown options belong to. */
  #module = ''
  /** The first of its conditions. */
  #moduleStart = 0

  constructor(tokens: Tokens, version: IpVersion, memory: RuleMemory, chain: (name: string) => Chain) {
    this.#tokens = tokens
    this.#version = version
    this.#memory = memory
    this.#chain = chain
  }

  read(): RuleWords | RuleProblem {
    for (let word = this.#tokens.next(); word !== undefined; word = this.#tokens.next()) {
      if (word === '!') {
        this.#not = true
        continue
      }
      const problem = this.#option(word)
      if (problem !== undefined) return problem
      this.#not = false
    }
    return { matches: this.#matches, actions: this.#actions }
  }

  #option(word: string): RuleProblem | undefined {
    switch (word) {
      case '': return undefined
      case '-p': case '--protocol': return this.#readProtocol()
      case '-s': case '--source': return this.#address('source')
      case '-d': case '--destination': return this.#address('destination')
      case '-i': case '--in-interface': return this.#interface('in')
      case '-o': case '--out-interface': return this.#interface('out')
      case '-m': case '--match': return this.#readModule()
      case '-j': case '--jump': return this.#target('jump')
      case '-g': case '--goto': return this.#target('goto')
      case '-c': return this.#counters()
      case '-f': return void this.#matches.push({ kind: 'unknown', not: this.#not, what: '-f' })
      default: return this.#extension(word)
    }
  }

  #counters(): undefined {
    this.#tokens.at += 2
    return undefined
  }

  #value(): string | undefined {
    const value = this.#tokens.peek()
    if (value === undefined) return undefined
    this.#tokens.at++
    return value
  }

  #missing(what: string, hint?: string): RuleProblem {
    return { word: this.#tokens.at - 1, what, hint }
  }

  #readProtocol(): RuleProblem | undefined {
    const text = this.#value()
    if (text === undefined) return this.#missing('-p needs a protocol')
    if (text === 'all' || text === '0') return undefined
    const number = protocolNumber(text)
    if (number === undefined) return this.#missing(`unknown protocol ${text.slice(0, 40)}`, 'a name like tcp, or a number')
    if (!this.#not) this.#protocol = number
    this.#module = text
    this.#matches.push(this.#not ? { kind: 'protocol', not: true, numbers: [number] } : PROTOCOLS[number]!)
    return undefined
  }

  #address(side: 'source' | 'destination'): RuleProblem | undefined {
    const text = this.#value()
    const range = text === undefined ? undefined : this.#memory.prefix(text)
    if (range === undefined) return this.#missing(`not an address: ${(text ?? '').slice(0, 60)}`, 'example: 10.0.0.0/8')
    if (range.low.version !== this.#version) return this.#missing(`an address of IPv${range.low.version} among rules of IPv${this.#version}`, `say so by the file's name: a name with ip6 or v6 is taken for that of ip6tables-save`)
    this.#matches.push({ kind: 'address', not: this.#not, side, ranges: [range] })
    return undefined
  }

  #interface(way: 'in' | 'out'): RuleProblem | undefined {
    const name = this.#value()
    if (name === undefined) return this.#missing('the name of an interface is missing')
    // `+` alone is every interface.
    if (name !== '+' || this.#not) this.#matches.push({ kind: 'interface', not: this.#not, way, names: [name] })
    return undefined
  }

  #readModule(): RuleProblem | undefined {
    const name = this.#value()
    if (name === undefined) return this.#missing('-m needs the name of a match')
    this.#module = name
    this.#moduleStart = this.#matches.length
    if (!Object.hasOwn(EXTENSIONS, name)) this.#matches.push({ kind: 'unknown', not: false, what: `-m ${name}` })
    return undefined
  }

  #target(kind: 'jump' | 'goto'): RuleProblem | undefined {
    const name = this.#value()
    if (name === undefined) return this.#missing('the target is missing', 'example: -j RETURN')
    const options: string[] = []
    for (let word = this.#value(); word !== undefined; word = this.#value()) options.push(word)
    this.#actions = [parseTarget(name, options, kind, this.#version, this.#chain)]
    return undefined
  }

  /** What the extension of the last -m makes of an option. */
  #reader(option: string): Reader | undefined {
    const options = ownValue(EXTENSIONS, this.#module)
    return options === undefined ? undefined : ownValue(options, option)
  }

  #extension(option: string): RuleProblem | undefined {
    const read = this.#reader(option)
    if (read === undefined) return this.#unknownOption(option)
    const text = read.flag === true ? '' : this.#value()
    if (text === undefined) return this.#missing(`${option} needs a value`)
    const match = read.match({ text, not: this.#not, protocol: this.#protocol, version: this.#version })
    if (match === 'bad') return this.#missing(`not a value for ${option}: ${text.slice(0, 60)}`)
    if (match !== undefined) this.#matches.push(match)
    if (match?.kind === 'direction' || match?.kind === 'state') this.#joinConntrack()
    return undefined
  }

  /** net/netfilter/xt_conntrack.c: of a packet without an entry one `-m conntrack` that asks for a state asks for nothing else. */
  #joinConntrack(): void {
    const own = this.#matches.slice(this.#moduleStart)
    if (!own.some(({ kind }) => kind === 'state')) return
    for (const [i, match] of own.entries()) if (match.kind === 'direction') this.#matches[this.#moduleStart + i] = { ...match, semantics: 'xtables-state' }
  }

  /** How many values it takes is not known either: all up to the next option that is. */
  #unknownOption(option: string): RuleProblem | undefined {
    if (!option.startsWith('-')) return { word: this.#tokens.at - 1, what: `what is ${option.slice(0, 40)}?`, hint: 'expected an option' }
    for (let word = this.#tokens.peek(); word !== undefined && word !== '!' && !CORE.has(word) && this.#reader(word) === undefined; word = this.#tokens.peek()) this.#tokens.at++
    const what = this.#module === '' ? option : `-m ${this.#module} ${option}`
    if (!this.#matches.some((match) => match.kind === 'unknown' && what.startsWith(match.what))) this.#matches.push({ kind: 'unknown', not: false, what })
    return undefined
  }
}

