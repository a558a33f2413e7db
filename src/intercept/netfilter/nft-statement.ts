import { isObject } from './json-value.ts'
import type { JsonObject } from './json-value.ts'
import { addressRange, numberRange, parseNftMatch } from './nft-match.ts'
import type { NftContext } from './nft-match.ts'
import { TCP } from './protocol-number.ts'
import type { Action, Chain, MarkChange, Match } from './ruleset.ts'

const ALL = 0xffff_ffff
const NOTHING = new Set(['counter', 'log', 'comment'])
const VERDICTS = new Set(['accept', 'drop', 'return', 'reject', 'notrack', 'masquerade'])

export interface RuleParts { readonly matches: readonly Match[], readonly actions: readonly Action[], readonly mixed: boolean }

/** The statements of one rule. What is not understood is in it as unknown, a condition or an action. */
export function parseNftStatements(expressions: readonly unknown[], context: NftContext): RuleParts {
  const matches: Match[] = []
  const actions: Action[] = []
  let mixed = false
  for (const expression of expressions) {
    if (!isObject(expression)) continue
    const [key = '', body] = Object.entries(expression)[0] ?? []
    if (NOTHING.has(key)) continue
    if (key === 'match' && isObject(body)) {
      mixed ||= actions.length > 0
      matches.push(...parseNftMatch(body, context))
    } else if (key === 'limit' || key === 'quota' || key === 'xt' && isObject(body) && body.type === 'match') {
      mixed ||= actions.length > 0
      if (!isComment(body)) matches.push({ kind: 'unknown', not: false, what: `${key} ${JSON.stringify(body).slice(0, 120)}` })
    } else {
      // nft leaves out the condition that its statement implies.
      if (key === 'reject' && isObject(body)) matches.push(...rejectNeeds(body))
      actions.push(action(key, body, context))
    }
  }
  return { matches, actions, mixed }
}

/** `reject with icmp …` concerns IPv4 only, whatever the table. */
function rejectNeeds({ type }: JsonObject): Match[] {
  if (type === 'icmp') return [{ kind: 'version', not: false, version: 4 }]
  if (type === 'icmpv6') return [{ kind: 'version', not: false, version: 6 }]
  return type === 'tcp reset' ? [{ kind: 'protocol', not: false, numbers: [TCP] }] : []
}

function isComment(body: unknown): boolean {
  return isObject(body) && body.type === 'match' && body.name === 'comment'
}

function action(key: string, body: unknown, context: NftContext): Action {
  return known(key, isObject(body) ? body : {}, context) ?? { kind: 'unknown', what: `${key} ${JSON.stringify(body ?? null).slice(0, 120)}` }
}

function known(key: string, body: JsonObject, context: NftContext): Action | undefined {
  if (VERDICTS.has(key)) return { kind: key as 'accept' }
  if (key === 'continue') return { kind: 'nothing' }
  if (key === 'jump' || key === 'goto') {
    const chain: Chain | undefined = context.table.chains.get(String(body.target))
    return chain === undefined ? undefined : { kind: key, chain }
  }
  if (key === 'redirect') return body.port === undefined ? { kind: 'redirect', ports: undefined } : portAction(body)
  if (key === 'dnat' || key === 'snat') return translate(key, body)
  if (key === 'tproxy') return tproxy(body)
  return key === 'mangle' ? mangle(body) : undefined
}

function portAction(body: JsonObject): Action | undefined {
  const ports = numberRange(body.port)
  return ports === undefined ? undefined : { kind: 'redirect', ports }
}

function translate(kind: 'dnat' | 'snat', body: JsonObject): Action | undefined {
  const address = body.addr === undefined ? undefined : addressRange(body.addr)
  const ports = body.port === undefined ? undefined : numberRange(body.port)
  if (body.addr !== undefined && address === undefined || body.port !== undefined && ports === undefined) return undefined
  return { kind, address, ports }
}

function tproxy(body: JsonObject): Action | undefined {
  const address = body.addr === undefined ? undefined : addressRange(body.addr)
  if (typeof body.port !== 'number' || body.addr !== undefined && address === undefined) return undefined
  const version = body.family === 'ip' ? 4 : body.family === 'ip6' ? 6 : undefined
  return { kind: 'tproxy', port: body.port, address, mark: undefined, strict: false, version }
}

function mangle({ key, value }: JsonObject): Action | undefined {
  const field = isObject(key) && isObject(key.meta) ? `meta ${String(key.meta.key)}` : isObject(key) && isObject(key.ct) ? `ct ${String(key.ct.key)}` : ''
  if (field === 'ct zone') return typeof value === 'number' ? { kind: 'zone', zone: value } : undefined
  if (field !== 'meta mark' && field !== 'ct mark') return undefined
  const of = field === 'meta mark' ? 'packet' : 'connection'
  const from = markSource(value)
  if (from !== undefined) return from === of ? { kind: 'nothing' } : { kind: of === 'packet' ? 'restore-mark' : 'save-mark', packetMask: ALL, connectionMask: ALL }
  const change = markChange(value, of)
  return change === undefined ? undefined : { kind: 'set-mark', of, change }
}

function markSource(value: unknown): 'packet' | 'connection' | undefined {
  if (!isObject(value)) return undefined
  if (isObject(value.meta) && value.meta.key === 'mark') return 'packet'
  return isObject(value.ct) && value.ct.key === 'mark' ? 'connection' : undefined
}

/** `0x111`, `meta mark & 0xfffff000`, `meta mark | 0x111`, and one within the other. */
function markChange(value: unknown, of: 'packet' | 'connection'): MarkChange | undefined {
  if (typeof value === 'number') return { clear: ALL, flip: value >>> 0 }
  if (!isObject(value)) return undefined
  const [operator = '', operands] = Object.entries(value)[0] ?? []
  const [inner, number] = Array.isArray(operands) ? operands as unknown[] : []
  if (typeof number !== 'number') return undefined
  const before = markSource(inner) === of ? { clear: 0, flip: 0 } : markChange(inner, of)
  if (before === undefined) return undefined
  if (operator === '&') return { clear: (before.clear | ~number) >>> 0, flip: (before.flip & number) >>> 0 }
  if (operator === '|') return { clear: (before.clear | number) >>> 0, flip: (before.flip & ~number | number) >>> 0 }
  return operator === '^' ? { clear: before.clear, flip: (before.flip ^ number) >>> 0 } : undefined
}
