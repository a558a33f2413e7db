import { isAlias, isMap, isScalar, isSeq } from 'yaml'
import type { Document, Node, Pair, YAMLMap } from 'yaml'
import { nearestName } from '../../base/nearest.ts'
import type { Problems } from './problem.ts'

/** The part of JSON Schema that configurations are described in. `title` completes the sentence `expected …`. */
export interface Shape {
  readonly $schema?: string
  readonly $comment?: string
  readonly title?: string
  readonly description?: string
  readonly default?: unknown
  readonly type?: 'object' | 'array' | 'string' | 'integer' | 'boolean'
  readonly properties?: Readonly<Record<string, Shape | false>>
  /** At most one. */
  readonly patternProperties?: Readonly<Record<string, Shape>>
  readonly additionalProperties?: false
  readonly required?: readonly string[]
  readonly items?: Shape
  readonly minItems?: number
  readonly minLength?: number
  readonly enum?: readonly (string | number)[]
  readonly const?: string
  readonly pattern?: string
  readonly minimum?: number
  readonly maximum?: number
  /** Alternatives of different types. */
  readonly anyOf?: readonly Shape[]
  /** Rules between keys: for other tools. The reader has its own words for them, in file-plan.ts. */
  readonly oneOf?: readonly Shape[]
  readonly if?: Shape
  readonly then?: Shape
  readonly else?: Shape
}

/** Compares a YAML node with its shape and says what is wrong where. Depth is bounded by the shape. */
export function checkShape(node: Node | null, shape: Shape, doc: Document, problems: Problems): void {
  const value = isAlias(node) ? node.resolve(doc) ?? null : node
  const fitting = shape.anyOf?.find((one) => isOfType(value, one)) ?? shape
  if (!isOfType(value, fitting) || fitting.anyOf !== undefined) {
    problems.at(node, `expected ${shape.title}, found ${nameOf(value)}`, hintFor(value, fitting))
  } else if (isMap(value)) checkMap(value, fitting, doc, problems)
  else if (isSeq(value)) {
    if (value.items.length < (fitting.minItems ?? 0)) problems.at(node, `expected ${fitting.title}, found an empty one`, 'leave the key out where there is nothing to say')
    for (const item of value.items) checkShape(item as Node | null, fitting.items!, doc, problems)
  } else if (isScalar(value) && !isAllowed(value.value, fitting)) {
    problems.at(node, `expected ${shape.title}, found ${nameOf(value)}`, nearestHint(value.value, fitting))
  }
}

function isOfType(node: Node | null, { type, enum: names }: Shape): boolean {
  if (type === 'object') return isMap(node)
  if (type === 'array') return isSeq(node)
  if (!isScalar(node)) return false
  if (type === 'integer') return Number.isSafeInteger(node.value)
  if (type === undefined) return names !== undefined
  return typeof node.value === type
}

function isAllowed(value: unknown, shape: Shape): boolean {
  if (shape.enum !== undefined) return shape.enum.includes(value as string)
  if (typeof value === 'string') return value.length >= (shape.minLength ?? 0) && (shape.pattern === undefined || new RegExp(shape.pattern, 'u').test(value))
  if (typeof value === 'number') return value >= (shape.minimum ?? -Infinity) && value <= (shape.maximum ?? Infinity)
  return true
}

function checkMap(map: YAMLMap, shape: Shape, doc: Document, problems: Problems): void {
  const seen = new Set<string>()
  for (const { key, value } of map.items as Pair<Node, Node | null>[]) {
    const name = isScalar(key) ? String(key.value) : undefined
    const inner = name === undefined ? undefined : shapeOfKey(name, shape)
    if (inner === undefined) problems.at(key, ...unknownKey(name, shape))
    else if (seen.has(name!)) problems.at(key, `'${name}' is there twice`, 'as a number and as a text they are the same key')
    else {
      seen.add(name!)
      if (value === null || (isScalar(value) && value.value === null)) problems.at(key, `'${name}' has no value`, `expected ${inner.title}`)
      else checkShape(value, inner, doc, problems)
    }
  }
  for (const name of shape.required ?? []) if (!seen.has(name)) problems.at(map, `key '${name}' is missing`, `expected ${(shape.properties![name] as Shape).title}`)
}

function shapeOfKey(name: string, shape: Shape): Shape | undefined {
  if (shape.properties !== undefined && Object.hasOwn(shape.properties, name)) return shape.properties[name] as Shape
  for (const [pattern, inner] of Object.entries(shape.patternProperties ?? {})) if (new RegExp(pattern, 'u').test(name)) return inner
  return undefined
}

function unknownKey(name: string | undefined, shape: Shape): [message: string, hint: string] {
  if (name === undefined) return ['a key must be a word or a number', 'see docs/sidecar.md']
  if (shape.patternProperties !== undefined) return [`'${name}' is not a port`, 'a port is a number from 1 to 65535']
  const names = Object.keys(shape.properties ?? {})
  const near = nearestName(name, names)
  return [`unknown key '${name}'`, near === undefined ? `known here: ${names.join(', ')}` : `did you mean '${near}'?`]
}

function nameOf(node: Node | null): string {
  if (isMap(node)) return 'a mapping'
  if (isSeq(node)) return 'a list'
  const value = isScalar(node) ? node.value : null
  if (value === null) return 'nothing'
  return typeof value === 'string' ? `'${value}'` : String(value)
}

function hintFor(node: Node | null, shape: Shape): string | undefined {
  if (isSeq(node)) return 'an address of IPv6 must be quoted: "[::1]:8080"'
  if (isScalar(node) && typeof node.value === 'number' && shape.pattern?.includes('ms') === true) return 'write the unit too, such as 30s'
  return undefined
}

function nearestHint(value: unknown, shape: Shape): string | undefined {
  const near = typeof value === 'string' && shape.enum !== undefined ? nearestName(value, shape.enum.map(String)) : undefined
  return near === undefined ? undefined : `did you mean '${near}'?`
}
