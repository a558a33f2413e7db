import type { ASTNode } from '@marcbachmann/cel-js'
import { Environment, EvaluationError, ParseError, TypeError as CelTypeError } from '@marcbachmann/cel-js'
import { nearestName } from '../../base/nearest.ts'
import type { FilterProblem } from '../../model/api.ts'
import { toCel } from './dialect.ts'
import { FIELDS, FIELD_NAMES, fieldOf } from './fields.ts'
import { FUNCTION_SIGNATURES } from './functions.ts'

export type { ASTNode }

/** A longer filter was not typed by a person. */
const MAX_FILTER_CHARS = 8192
const LIMITS = { maxAstNodes: 2000, maxDepth: 100, maxListElements: 1000, maxMapEntries: 100, maxCallArguments: 8 }

const TYPES: Readonly<Record<string, string>> = { list: 'list<dyn>', map: 'map<string, dyn>', timestamp: 'google.protobuf.Timestamp', duration: 'google.protobuf.Duration' }

let environment: Environment | undefined

/** The library's types know the fields, so that `path >= 400` is an error where it stands. */
function celEnvironment(): Environment {
  if (environment !== undefined) return environment
  const made = new Environment({ homogeneousAggregateLiterals: false, limits: LIMITS })
  for (const f of FIELDS) {
    for (const name of [f.name, ...f.aliases ?? []]) if (!name.includes('.')) made.registerVariable(name, TYPES[f.type] ?? f.type)
  }
  for (const signature of FUNCTION_SIGNATURES) made.registerFunction(signature, () => null)
  return environment = made
}

export type Parsed = { readonly ok: true, readonly ast: ASTNode, readonly cel: string } | { readonly ok: false, readonly problem: FilterProblem }

/** Parses and checks the types. `cel` has the same length as `text`, and the same places. */
export function parseExpression(text: string): Parsed {
  if (text.length > MAX_FILTER_CHARS) return { ok: false, problem: { message: `a filter has at most ${MAX_FILTER_CHARS} characters`, from: MAX_FILTER_CHARS, to: text.length } }
  const cel = toCel(text)
  const reserved = /(?<![.\w])namespace\b/.exec(cel.replace(/"[^"]*"|'[^']*'/g, (literal) => ' '.repeat(literal.length)))
  if (reserved !== null) {
    return { ok: false, problem: { message: 'namespace alone is a reserved word of CEL', from: reserved.index, to: reserved.index + 9, hint: 'src.namespace, dst.namespace, or netns for the network namespace' } }
  }
  try {
    const parsed = celEnvironment().parse(cel)
    const checked = parsed.check()
    if (!checked.valid) return { ok: false, problem: problemOf(checked.error, text) }
    if (checked.type !== 'bool' && checked.type !== 'dyn') return { ok: false, problem: notYesOrNo(text, checked.type ?? 'value') }
    return { ok: true, ast: parsed.ast, cel }
  } catch (error) {
    if (error instanceof ParseError || error instanceof CelTypeError || error instanceof EvaluationError) return { ok: false, problem: problemOf(error, text) }
    // Deep nesting that the library's own limits did not stop.
    if (error instanceof RangeError) return { ok: false, problem: { message: 'too deeply nested', from: 0, to: text.length } }
    throw error
  }
}

function notYesOrNo(text: string, type: string): FilterProblem {
  return { message: `this is a ${type}, and not true or false`, from: 0, to: text.length, hint: `compare it: ${text.trim()} == …` }
}

function problemOf(error: unknown, text: string): FilterProblem {
  if (!(error instanceof ParseError || error instanceof CelTypeError || error instanceof EvaluationError)) return { message: String(error), from: 0, to: text.length }
  const from = Math.min(error.range?.start ?? 0, text.length)
  const to = Math.min(Math.max(error.range?.end ?? text.length, from + 1), text.length)
  const part = text.slice(from, to)
  switch (error.code) {
    case 'unknown_variable': return unknownField(part, from, to)
    case 'no_matching_overload': return { message: `there is no such function: ${error.summary.replace(/^.*for /, '')}`, from, to, hint: functionHint(part) }
    case 'no_such_overload': return { message: `cannot be compared or combined: ${error.summary.replace(/^no such overload: /, '')}`, from, to, hint: durationHint(error.summary) }
    case 'unterminated_string': return { message: 'the text has no closing quote', from, to }
    default: return { message: wordsOf(error.summary), from, to }
  }
}

function unknownField(name: string, from: number, to: number): FilterProblem {
  const near = nearestName(name, FIELD_NAMES)
  const hint = near === undefined ? `to search for the text: record.contains("${name}")` : `perhaps ${near}${fieldOf(near) === undefined ? '' : `: ${fieldOf(near)!.what}`}`
  return { message: `there is no field ${name}`, from, to, hint }
}

const METHODS = ['contains', 'startsWith', 'endsWith', 'matches', 'size', 'lowerAscii', 'upperAscii', 'exists', 'all', 'filter', 'map', 'json']

function functionHint(part: string): string | undefined {
  const name = /(\w+)\s*\(/.exec(part)?.[1]
  const near = name === undefined ? undefined : nearestName(name, METHODS)
  return near === undefined || near === name ? undefined : `perhaps ${near}(…)`
}

function durationHint(summary: string): string | undefined {
  return summary.includes('Duration') ? 'elapsed_time is in microseconds, elapsed_ms in milliseconds' : undefined
}

/** The parser's words for tokens, as they are written. */
const TOKEN_WORDS: Readonly<Record<string, string>> = {
  EOF: 'the end', RPAREN: ')', LPAREN: '(', RBRACKET: ']', LBRACKET: '[', RBRACE: '}', AND: '&& (and)', OR: '|| (or)', NOT: '!', EQ: '==', NE: '!=', LT: '<', LE: '<=', GT: '>', GE: '>=',
  DIVIDE: '/', MULTIPLY: '*', PLUS: '+', MINUS: '-', DOT: '.', COMMA: ',', COLON: ':', QUESTION: '?', IDENTIFIER: 'a name', STRING: 'a text', NUMBER: 'a number', IN: 'in',
}

function wordsOf(summary: string): string {
  const words = summary.replace(/\b[A-Z]{2,}\b/g, (token) => TOKEN_WORDS[token] ?? token)
  return words.charAt(0).toLowerCase() + words.slice(1)
}
