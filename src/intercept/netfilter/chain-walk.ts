import type { Address } from '../../net/address.ts'
import { compareAddresses } from './address-range.ts'
import { MAX_DEPTH, MAX_STEPS } from './limits.ts'
import { NO, testMatch, UNKNOWN, YES } from './packet-match.ts'
import type { Answer } from './packet-match.ts'
import type { Passage } from './passage.ts'
import { hasPorts } from './protocol-number.ts'
import type { Action, Chain, Match, Rule } from './ruleset.ts'
import { candidateRules } from './rule-index.ts'
import type { Trace } from './trace.ts'
import { findTransparent } from './tproxy-listener.ts'
import { loopback, sourceOf } from './world.ts'

/** What a chain says of a packet. `end`: it was walked to its end, or left by a return. */
export type Verdict = 'end' | 'accept' | 'drop' | 'reject' | 'translated' | 'unknown'

/** Answers for the rules of which it is not known whether they match, in the order in which they are met. */
export interface Guesses { readonly answers: readonly boolean[], met: number }

/** Walks one base chain and what it jumps to. */
export class ChainWalk {
  readonly #at: Passage
  readonly #trace: Trace | undefined
  readonly #guesses: Guesses
  /** What ended it, or made it unknown. */
  by: Rule | undefined
  why = ''
  steps = 0
  /** A rule that no guess was left for: the walk has to be tried both ways. */
  undecided = false

  constructor(at: Passage, guesses: Guesses, trace: Trace | undefined) {
    this.#at = at
    this.#guesses = guesses
    this.#trace = trace
  }

  run(chain: Chain, depth = 0): Verdict {
    if (depth > MAX_DEPTH) return this.#unknown(chain.rules[0], `chains jump more than ${MAX_DEPTH} deep, which is a loop`)
    if (!chain.declared) return this.#unknown(this.by, `${chain.name} is no chain of this table, and no target that is known`)
    const rules = this.#trace === undefined ? candidateRules(chain, this.#at) : chain.rules
    for (let i = 0; i < rules.length; i++) {
      if (++this.steps > MAX_STEPS) return this.#unknown(rules[i], `more than ${MAX_STEPS} rules were met`)
      const rule = rules[i]!
      const matched = this.#test(rule, depth)
      if (matched === NO) continue
      if (matched === UNKNOWN) return 'unknown'
      const verdict = this.#act(rule, depth)
      if (verdict === 'return') return 'end'
      if (verdict !== 'next') return verdict
    }
    return 'end'
  }

  #unknown(rule: Rule | undefined, why: string): 'unknown' {
    this.by = rule
    this.why = why
    return 'unknown'
  }

  #test(rule: Rule, depth: number): Answer {
    let answer: Answer = rule.mixed ? UNKNOWN : YES
    let decisive: Match | undefined
    for (let i = 0; i < rule.matches.length; i++) {
      const one = testMatch(rule.matches[i]!, this.#at)
      if (one === YES) continue
      decisive = rule.matches[i]!
      answer = one
      if (one === NO) break
    }
    if (answer === UNKNOWN) return this.#guess(rule, decisive, depth)
    this.#trace?.rule(rule, depth, answer === YES ? 'yes' : 'no', decisive, this.#at)
    return answer
  }

  #guess(rule: Rule, match: Match | undefined, depth: number): Answer {
    const idle = rule.actions.every((action) => action.kind === 'nothing')
    this.#trace?.rule(rule, depth, 'unknown', match, this.#at)
    if (idle) return NO
    if (rule.mixed) {
      this.#unknown(rule, 'its actions come before its conditions, which is not modelled')
      return UNKNOWN
    }
    const guess = this.#guesses.answers[this.#guesses.met++]
    if (guess !== undefined) return guess ? YES : NO
    this.undecided = true
    this.#unknown(rule, match?.kind === 'unknown' ? `it is not modelled whether ${match.what} holds` : match?.kind === 'direction' ? 'it is not known of this packet which direction of its connection it goes in' : 'what it asks for is not known of this packet')
    return UNKNOWN
  }

  #act(rule: Rule, depth: number): Verdict | 'next' | 'return' {
    for (const action of rule.actions) {
      const result = this.#apply(action, rule, depth)
      if (result === 'break') return 'next'
      if (result !== 'next') return result
    }
    return 'next'
  }

  #apply(action: Action, rule: Rule, depth: number): Verdict | 'next' | 'break' | 'return' {
    const at = this.#at
    switch (action.kind) {
      case 'nothing': return 'next'
      case 'return': return 'return'
      case 'accept': case 'drop': case 'reject': return this.#end(action.kind, rule)
      case 'jump': case 'goto': return this.#enter(action, rule, depth)
      case 'redirect': return this.#redirect(action, rule)
      case 'dnat': return this.#translate(action, rule)
      case 'snat': return this.#translateSource(action, rule)
      case 'masquerade':
        at.source = sourceOf(at.world, at.outInterface, at.destination) ?? at.source
        return this.#end('translated', rule)
      case 'set-mark': return this.#setMark(action)
      case 'save-mark':
        if (at.hasEntry) at.connectionMark = ((at.connectionMark & ~action.connectionMask) ^ (at.mark & action.packetMask)) >>> 0
        return 'next'
      case 'restore-mark':
        if (at.hasEntry) at.mark = ((at.mark & ~action.packetMask) ^ (at.connectionMark & action.connectionMask)) >>> 0
        return 'next'
      case 'zone':
        if (!at.tracked) at.zone ??= action.zone
        return 'next'
      case 'notrack':
        if (!at.tracked) at.untracked = true
        return 'next'
      case 'tproxy': return this.#tproxy(action, rule)
      case 'unknown': return this.#unknown(rule, `${action.what} is not modelled`)
    }
  }

  #end(verdict: Verdict, rule: Rule): Verdict {
    this.by = rule
    return verdict
  }

  #enter(action: Extract<Action, { kind: 'jump' | 'goto' }>, rule: Rule, depth: number): Verdict | 'next' | 'return' {
    this.by = rule
    this.#trace?.chain(action.chain, depth + 1)
    const verdict = this.run(action.chain, depth + 1)
    if (verdict !== 'end') return verdict
    return action.kind === 'goto' ? 'return' : 'next'
  }

  #setMark({ of, change }: Extract<Action, { kind: 'set-mark' }>): 'next' {
    const at = this.#at
    if (of === 'packet') at.mark = ((at.mark & ~change.clear) ^ change.flip) >>> 0
    else if (at.hasEntry) at.connectionMark = ((at.connectionMark & ~change.clear) ^ change.flip) >>> 0
    return 'next'
  }

  /** What was made here goes to the loopback address, what arrives to the first address of its interface. */
  #redirect(action: Extract<Action, { kind: 'redirect' }>, rule: Rule): Verdict {
    const at = this.#at
    const address = at.inInterface === '' ? loopback(at.version) : sourceOf(at.world, at.inInterface, at.destination)
    if (address === undefined) {
      this.why = `${at.inInterface} has no address to redirect to`
      return this.#end('drop', rule)
    }
    return this.#rewrite(rule, 'redirect', address, action.ports)
  }

  /** An address of the other family concerns no packet of this one (net/netfilter/nft_nat.c). */
  #translate(action: Extract<Action, { kind: 'dnat' | 'snat' }>, rule: Rule): Verdict | 'next' {
    const range = action.address
    if (range !== undefined && range.low.version !== this.#at.version) return 'next'
    if (range !== undefined && compareAddresses(range.low, range.high) !== 0) return this.#unknown(rule, 'it picks one of several addresses')
    return this.#rewrite(rule, 'dnat', range?.low ?? this.#at.destination, action.ports)
  }

  /** The port that it seems to come from decides nothing here but later rules on it, which nobody writes. */
  #translateSource({ address }: Extract<Action, { kind: 'dnat' | 'snat' }>, rule: Rule): Verdict | 'next' {
    if (address !== undefined && address.low.version !== this.#at.version) return 'next'
    if (address !== undefined && compareAddresses(address.low, address.high) !== 0) return this.#unknown(rule, 'it picks one of several addresses')
    this.#at.source = address?.low ?? this.#at.source
    return this.#end('translated', rule)
  }

  #rewrite(rule: Rule, kind: 'redirect' | 'dnat', address: Address, ports: { from: number, to: number } | undefined): Verdict {
    const at = this.#at
    if (ports !== undefined && hasPorts(at.protocol)) {
      const keeps = at.destinationPort >= ports.from && at.destinationPort <= ports.to
      if (!keeps && ports.from !== ports.to) return this.#unknown(rule, 'it picks one of several ports')
      if (!keeps) at.destinationPort = ports.from
    }
    at.destination = address
    at.natKind = kind
    at.natRule = rule
    return this.#end('translated', rule)
  }

  /** nf_tables leaves the rule where nobody listens, and xtables drops the packet (net/netfilter/nft_tproxy.c, xt_TPROXY.c). */
  #tproxy(action: Extract<Action, { kind: 'tproxy' }>, rule: Rule): Verdict | 'next' | 'break' {
    const at = this.#at
    if (action.version !== undefined && action.version !== at.version) return 'break'
    if (findTransparent(at, action) === 'none') {
      const why = `nobody listens transparently on port ${action.port}`
      if (!action.strict) {
        this.#trace?.note(`${why}: nft goes on with the next rule`)
        return 'break'
      }
      this.why = why
      return this.#end('drop', rule)
    }
    at.tproxy = action
    at.tproxyRule = rule
    if (action.mark !== undefined) at.mark = ((at.mark & ~action.mark.clear) ^ action.mark.flip) >>> 0
    return action.strict ? this.#end('accept', rule) : 'next'
  }
}
