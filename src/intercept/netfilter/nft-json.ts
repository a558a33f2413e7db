import type { Chain, Hook, Parsed, Problem, Rule, Table } from './ruleset.ts'
import { MAX_JSON_LENGTH, MAX_RULES } from './limits.ts'
import { nftExpressionText } from './nft-expression-text.ts'
import { NftSets } from './nft-sets.ts'
import { parseNftStatements } from './nft-statement.ts'
import { isObject } from './json-value.ts'
import type { JsonObject } from './json-value.ts'

const FAMILIES = new Set(['ip', 'ip6', 'inet'])
const HOOKS = new Set(['prerouting', 'input', 'forward', 'output', 'postrouting'])
const SCHEMA_VERSION = 1

/**
 * What `nft -j list ruleset` writes (libnftables-json(5)). Tables of other families than ip, ip6 and inet are left out: they see frames
 * before or after what is modelled, and `foreign` of the answer names those that have a base chain. `line` is the place in the list, from 1.
 * What iptables-nft wrote has its extensions without their parameters in it (`xt`): such rules are unknown; read them with iptables-nft-save.
 */
export function parseNftJson(text: string): Parsed & { readonly foreign?: readonly string[] } {
  if (text.length > MAX_JSON_LENGTH) return bad(1, `JSON of more than ${MAX_JSON_LENGTH} characters`, 'read one namespace at a time')
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    return { ok: false, problem: jsonProblem(text, error as SyntaxError) }
  }
  const list = isObject(value) ? value.nftables : undefined
  if (!Array.isArray(list)) return bad(1, 'no list "nftables" in the JSON', 'expected the output of: nft -j list ruleset')
  try {
    return new NftReader().read(list)
  } catch (error) {
    // Expressions within expressions are read by functions that call themselves: nft writes a handful of levels, and a hostile text any number.
    if (error instanceof RangeError) return bad(1, 'expressions within expressions without end', 'expected the output of: nft -j list ruleset')
    throw error
  }
}

function bad(line: number, what: string, hint?: string): { ok: false, problem: Problem } {
  return { ok: false, problem: { line, column: 1, what, hint } }
}

function jsonProblem(text: string, error: SyntaxError): Problem {
  const position = Number(/position (\d+)/.exec(error.message)?.[1] ?? text.length)
  const before = text.slice(0, position)
  const lineStart = before.lastIndexOf('\n') + 1
  return {
    line: before.split('\n').length, column: position - lineStart + 1, what: 'not JSON',
    hint: position >= text.trimEnd().length ? 'the text ends too early: was it cut?' : 'expected the output of: nft -j list ruleset',
  }
}

class NftReader {
  readonly #tables = new Map<string, Table>()
  readonly #sets = new NftSets()
  readonly #foreign: string[] = []
  #rules = 0

  read(list: readonly unknown[]): Parsed & { foreign?: readonly string[] } {
    // Rules name chains and sets that may come after them.
    for (const pass of ['define', 'fill'] as const) {
      for (let i = 0; i < list.length; i++) {
        const item = list[i]
        if (!isObject(item)) return bad(i + 1, `entry ${i + 1} of the list is no object`)
        const problem = pass === 'define' ? this.#define(item, i + 1) : this.#fill(item, i + 1)
        if (problem !== undefined) return { ok: false, problem }
      }
    }
    return { ok: true, tables: [...this.#tables.values()], foreign: this.#foreign }
  }

  #define(item: JsonObject, line: number): Problem | undefined {
    if (isObject(item.metainfo) && item.metainfo.json_schema_version !== SCHEMA_VERSION && item.metainfo.json_schema_version !== undefined) {
      return { line, column: 1, what: `JSON of schema version ${String(item.metainfo.json_schema_version).slice(0, 20)}`, hint: `version ${SCHEMA_VERSION} is understood` }
    }
    if (isObject(item.table)) this.#table(item.table)
    if (isObject(item.chain)) return this.#defineChain(item.chain, line)
    if (isObject(item.set)) this.#sets.add(item.set)
    return undefined
  }

  #table(at: JsonObject): Table | undefined {
    const family = String(at.family)
    const name = String(at.table ?? at.name)
    if (!FAMILIES.has(family)) return undefined
    const known = this.#tables.get(`${family} ${name}`)
    if (known !== undefined) return known
    const table: Table = { family: family as 'ip', name, backend: 'nft', chains: new Map() }
    this.#tables.set(`${family} ${name}`, table)
    return table
  }

  #defineChain(at: JsonObject, line: number): Problem | undefined {
    const table = this.#table({ family: at.family, table: at.table })
    if (table === undefined) {
      if (typeof at.hook === 'string') this.#foreign.push(`${String(at.family)} ${String(at.table)} ${String(at.name)}`)
      return undefined
    }
    const name = String(at.name)
    const chain: Chain = { name, table, line, base: undefined, rules: [], declared: true }
    table.chains.set(name, chain)
    if (at.hook === undefined) return undefined
    if (!HOOKS.has(String(at.hook)) || typeof at.prio !== 'number') {
      // `ingress` and `egress` of inet see the packet on the device, before all that is modelled.
      this.#foreign.push(`${table.family} ${table.name} ${name}`)
      return undefined
    }
    if (at.type !== 'filter' && at.type !== 'nat' && at.type !== 'route') return { line, column: 1, what: `chain ${name} has an unknown type ${String(at.type).slice(0, 20)}` }
    chain.base = { hook: at.hook as Hook, priority: at.prio, type: at.type, policy: at.policy === 'drop' ? 'drop' : 'accept' }
    return undefined
  }

  #fill(item: JsonObject, line: number): Problem | undefined {
    const at = item.rule
    if (!isObject(at)) return undefined
    const table = this.#tables.get(`${String(at.family)} ${String(at.table)}`)
    if (table === undefined) return undefined
    if (++this.#rules > MAX_RULES) return { line, column: 1, what: `more than ${MAX_RULES} rules`, hint: 'read one namespace at a time' }
    const chain = table.chains.get(String(at.chain))
    if (chain === undefined) return { line, column: 1, what: `a rule of chain ${String(at.chain).slice(0, 60)}, which is not in the list`, hint: 'expected the output of: nft -j list ruleset' }
    const expressions: unknown[] = Array.isArray(at.expr) ? at.expr : []
    const rule: Rule = { line, text: nftText(chain, expressions), chain, ...parseNftStatements(expressions, { table, sets: this.#sets }) }
    chain.rules.push(rule)
    return undefined
  }
}

const MAX_SHOWN = 400

function nftText(chain: Chain, expressions: readonly unknown[]): string {
  const shown = expressions.filter((expression) => !(isObject(expression) && 'counter' in expression)).map(nftExpressionText).join(' ')
  return `${chain.name}: ${shown.length > MAX_SHOWN ? `${shown.slice(0, MAX_SHOWN)}…` : shown}`
}
