import type { ASTNode } from './expression.ts'
import { fieldOf } from './fields.ts'
import { CALLS, regexpOf } from './functions.ts'
import type { FilterSubject } from './subject.ts'
import type { FilterValue } from './value.ts'
import { compareValues, elementsOf, isEqual, memberOf } from './value.ts'

/** What an expression is evaluated on: a message, and the variables of the macros around it. */
export interface Scope {
  subject: FilterSubject
  readonly variables: FilterValue[]
}

export type Evaluate = (scope: Scope) => FilterValue

/** What is not understood although the library lets it pass: throws, with the part of the text. */
export class NotEvaluated extends Error {
  readonly node: ASTNode

  constructor(message: string, node: ASTNode) {
    super(message)
    this.node = node
  }
}

/** Makes closures of a tree once, so that a message costs no look-ups. They never throw: what is not there is null, and only `true` is true. */
export class Compiler {
  readonly #nowMicros: number
  readonly #variables: string[] = []

  constructor(nowMicros: number) {
    this.#nowMicros = nowMicros
  }

  compile(node: ASTNode): Evaluate {
    switch (node.op) {
      case 'value': return constant(literalOf(node))
      case 'id': return this.#name(node)
      case '.': case '.?': return this.#member(node, node.args[0], node.args[1])
      case '[]': case '[?]': return this.#index(this.compile(node.args[0]), this.compile(node.args[1]))
      case '&&': return both(this.compile(node.args[0]), this.compile(node.args[1]))
      case '||': return either(this.compile(node.args[0]), this.compile(node.args[1]))
      case '!_': return negation(this.compile(node.args))
      case '-_': return minus(this.compile(node.args))
      case '?:': return choice(this.compile(node.args[0]), this.compile(node.args[1]), this.compile(node.args[2]))
      case '==': case '!=': return this.#equality(node)
      case '<': case '<=': case '>': case '>=': return comparison(node.op, this.compile(node.args[0]), this.compile(node.args[1]))
      case 'in': return membership(this.compile(node.args[0]), this.compile(node.args[1]))
      case '+': case '-': case '*': case '/': case '%': return arithmetic(node.op, this.compile(node.args[0]), this.compile(node.args[1]))
      case 'list': return this.#list(node.args)
      case 'call': return this.#call(node, node.args[0], node.args[1])
      case 'rcall': return this.#method(node, node.args[0], node.args[1], node.args[2])
      default: throw new NotEvaluated('maps cannot be written in a filter', node)
    }
  }

  #name(node: ASTNode & { op: 'id' }): Evaluate {
    const slot = this.#variables.lastIndexOf(node.args)
    if (slot >= 0) return (scope) => scope.variables[slot] ?? null
    const found = fieldOf(node.args)
    if (found === undefined) throw new NotEvaluated(`there is no field ${node.args}`, node)
    const { get } = found
    return (scope) => get(scope.subject)
  }

  /** `src.name` is a field of its own, which spares an object. */
  #member(node: ASTNode, object: ASTNode, name: string): Evaluate {
    const own = object.op === 'id' && !this.#variables.includes(object.args) ? fieldOf(`${object.args}.${name}`) : undefined
    if (own !== undefined) {
      const { get } = own
      return (scope) => get(scope.subject)
    }
    if (node.op !== '.' && node.op !== '.?') throw new NotEvaluated('is no member', node)
    return this.#index(this.compile(object), constant(name))
  }

  #index(object: Evaluate, key: Evaluate): Evaluate {
    return (scope) => memberOf(object(scope), key(scope))
  }

  /** Beside a raw text r"…" it is Mizu's comparison with a regular expression. */
  #equality(node: ASTNode & { op: '==' | '!=' }): Evaluate {
    const [a, b] = node.args
    const wanted = node.op === '=='
    const pattern = rawTextOf(b) ?? rawTextOf(a)
    const left = this.compile(rawTextOf(b) === undefined && rawTextOf(a) !== undefined ? b : a)
    if (pattern !== undefined) {
      const regexp = regexpOf(`^(?:${pattern})$`)
      if (regexp === undefined) throw new NotEvaluated('this is no regular expression', node)
      return (scope) => {
        const value = left(scope)
        return (typeof value === 'string' || typeof value === 'number' ? regexp.test(String(value)) : false) === wanted
      }
    }
    const right = this.compile(b)
    return (scope) => isEqual(left(scope), right(scope)) === wanted
  }

  #list(nodes: readonly ASTNode[]): Evaluate {
    const parts = nodes.map((part) => this.compile(part))
    return (scope) => parts.map((part) => part(scope))
  }

  #call(node: ASTNode, name: string, args: readonly ASTNode[]): Evaluate {
    if (name === 'now') return constant(this.#nowMicros)
    if (name === 'has') return this.#has(node, args[0]!)
    const call = CALLS[name]
    if (call === undefined) throw new NotEvaluated(`there is no function ${name}() in filters`, node)
    const parts = args.map((part) => this.compile(part))
    return (scope) => call(parts.map((part) => part(scope)))
  }

  #has(node: ASTNode, wanted: ASTNode): Evaluate {
    if (wanted.op !== '.') throw new NotEvaluated('has() takes a member: has(request.grpc)', node)
    const value = this.compile(wanted)
    return (scope) => value(scope) !== null
  }

  #method(node: ASTNode, name: string, receiver: ASTNode, args: readonly ASTNode[]): Evaluate {
    if (Object.hasOwn(MACROS, name)) return this.#macro(node, MACROS[name]!, receiver, args)
    const call = CALLS[name]
    if (call === undefined) throw new NotEvaluated(`there is no function ${name}() in filters`, node)
    if (name === 'matches' && args[0]?.op === 'value' && typeof args[0].args === 'string' && regexpOf(args[0].args) === undefined) throw new NotEvaluated('this is no regular expression', args[0])
    const subject = this.compile(receiver)
    if (args.length === 1) {
      const other = this.compile(args[0]!)
      return (scope) => call([subject(scope), other(scope)])
    }
    const parts = args.map((part) => this.compile(part))
    return (scope) => call([subject(scope), ...parts.map((part) => part(scope))])
  }

  #macro(node: ASTNode, macro: Macro, receiver: ASTNode, args: readonly ASTNode[]): Evaluate {
    const [variable, body] = args
    if (variable?.op !== 'id' || body === undefined || args.length !== 2) throw new NotEvaluated('needs a name and an expression: notes.exists(n, n.contains("cut"))', node)
    const list = this.compile(receiver)
    const slot = this.#variables.push(variable.args) - 1
    const inner = this.compile(body)
    this.#variables.pop()
    return (scope) => macro(elementsOf(list(scope)), (element) => {
      scope.variables[slot] = element
      return inner(scope)
    })
  }
}

type Macro = (elements: readonly FilterValue[], inner: (element: FilterValue) => FilterValue) => FilterValue

const MACROS: Readonly<Record<string, Macro>> = {
  exists: (elements, inner) => elements.some((element) => inner(element) === true),
  all: (elements, inner) => elements.every((element) => inner(element) === true),
  exists_one: (elements, inner) => elements.filter((element) => inner(element) === true).length === 1,
  filter: (elements, inner) => elements.filter((element) => inner(element) === true),
  map: (elements, inner) => elements.map(inner),
}

/** The value of a literal; numbers are doubles. */
export function literalOf(node: ASTNode & { op: 'value' }): FilterValue {
  const value = node.args
  if (typeof value === 'bigint') return Number(value)
  if (value === null || typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return value
  throw new NotEvaluated('bytes and unsigned numbers cannot be written in a filter', node)
}

/** The text of `r"…"`; undefined for any other node. */
export function rawTextOf(node: ASTNode): string | undefined {
  return node.op === 'value' && typeof node.args === 'string' && /^[rR]/.test(node.input.slice(node.start, node.start + 1)) ? node.args : undefined
}

function constant(value: FilterValue): Evaluate {
  return () => value
}

const both = (a: Evaluate, b: Evaluate): Evaluate => (scope) => a(scope) === true && b(scope) === true
const either = (a: Evaluate, b: Evaluate): Evaluate => (scope) => a(scope) === true || b(scope) === true
const negation = (a: Evaluate): Evaluate => (scope) => a(scope) !== true
const choice = (test: Evaluate, a: Evaluate, b: Evaluate): Evaluate => (scope) => test(scope) === true ? a(scope) : b(scope)
const membership = (a: Evaluate, b: Evaluate): Evaluate => (scope) => {
  const value = a(scope)
  return elementsOf(b(scope)).some((element) => isEqual(element, value))
}

function minus(a: Evaluate): Evaluate {
  return (scope) => {
    const value = a(scope)
    return typeof value === 'number' ? -value : null
  }
}

function comparison(op: '<' | '<=' | '>' | '>=', a: Evaluate, b: Evaluate): Evaluate {
  switch (op) {
    case '<': return (scope) => compareValues(a(scope), b(scope)) < 0
    case '<=': return (scope) => compareValues(a(scope), b(scope)) <= 0
    case '>': return (scope) => compareValues(a(scope), b(scope)) > 0
    case '>=': return (scope) => compareValues(a(scope), b(scope)) >= 0
  }
}

function arithmetic(op: '+' | '-' | '*' | '/' | '%', a: Evaluate, b: Evaluate): Evaluate {
  return (scope) => {
    const x = a(scope)
    const y = b(scope)
    if (op === '+' && typeof x === 'string' && typeof y === 'string') return x + y
    if (typeof x !== 'number' || typeof y !== 'number') return null
    const value = op === '+' ? x + y : op === '-' ? x - y : op === '*' ? x * y : op === '/' ? x / y : x % y
    return Number.isFinite(value) ? value : null
  }
}
