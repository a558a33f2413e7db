import { MAX_TRACE } from './limits.ts'
import { reasonOf } from './match-reason.ts'
import type { TraceEntry } from './outcome.ts'
import type { Passage } from './passage.ts'
import type { Chain, Match, Rule } from './ruleset.ts'

/** What was met on the way, as far as it is kept. */
export class Trace {
  readonly entries: TraceEntry[] = []
  untraced = 0

  hook(text: string): void {
    this.#add({ kind: 'hook', text })
  }

  chain(chain: Chain, depth: number): void {
    this.#add({ kind: 'chain', depth, text: chain.name })
  }

  note(text: string, depth = 0): void {
    this.#add({ kind: 'note', depth, text })
  }

  rule(rule: Rule, depth: number, matched: 'yes' | 'no' | 'unknown', decisive: Match | undefined, at: Passage): void {
    if (this.entries.length >= MAX_TRACE) this.untraced++
    else this.#add({ kind: 'rule', depth, rule, matched, why: decisive === undefined ? '' : reasonOf(decisive, at) })
  }

  #add(entry: TraceEntry): void {
    if (this.entries.length < MAX_TRACE) this.entries.push(entry)
    else this.untraced++
  }
}
