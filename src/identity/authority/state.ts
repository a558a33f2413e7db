import { parseSpiffeId } from '../spiffe.ts'

/** `next` is published only, `active` issues, `old` is published until its last leaf has expired. */
export type RootRole = 'next' | 'active' | 'old'

export interface RootRecord {
  readonly id: string
  readonly role: RootRole
  /** The intermediate below it that issues. */
  readonly intermediateId: string
  /** When the bundle first had it. */
  readonly publishedAtMillis: number
  /** Only of an old one: nothing that it issued is valid from then on. */
  readonly dropAtMillis?: number
}

/** What ca.json holds: the only file of a CA that ever changes, so that each change is one step. */
export interface CaState {
  readonly version: 1
  readonly trustDomain: string
  readonly name: string
  readonly dnsDomains: readonly string[]
  readonly maxTtlMillis: number
  readonly createdAtMillis: number
  /** In the order of the bundle: the active one first. */
  readonly roots: readonly RootRecord[]
}

export const MAX_STATE_BYTES = 64 * 1024
const ID = /^[0-9a-f]{8}$/
const ROLES: readonly unknown[] = ['next', 'active', 'old']

export function activeRoot(state: CaState): RootRecord {
  return state.roots.find((root) => root.role === 'active')!
}

export function rootOf(state: CaState, role: RootRole): RootRecord | undefined {
  return state.roots.find((root) => root.role === role)
}

export function formatState(state: CaState): string {
  return `${JSON.stringify(state, null, 2)}\n`
}

/** Undefined for anything that is not the whole of a state with one active root. */
export function parseState(text: string): CaState | undefined {
  const value = parseObject(text)
  return value !== undefined && isState(value) ? value : undefined
}

/** A JSON object; undefined for anything else. */
export function parseObject(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined
  } catch {
    return undefined
  }
}

function isState(value: object): value is CaState {
  const state = value as Partial<Record<keyof CaState, unknown>>
  return state.version === 1 && isText(state.trustDomain) && parseSpiffeId(`spiffe://${state.trustDomain}`) !== undefined && isText(state.name)
    && Array.isArray(state.dnsDomains) && state.dnsDomains.every(isText)
    && isMillis(state.maxTtlMillis) && isMillis(state.createdAtMillis)
    && Array.isArray(state.roots) && state.roots.every(isRoot) && rolesFit(state.roots)
}

function isRoot(value: unknown): value is RootRecord {
  const root = (value ?? {}) as Partial<Record<keyof RootRecord, unknown>>
  return isId(root.id) && isId(root.intermediateId) && ROLES.includes(root.role) && isMillis(root.publishedAtMillis)
    && (root.role === 'old' ? isMillis(root.dropAtMillis) : root.dropAtMillis === undefined)
}

/** One active root, and at most one beside it: a rotation ends before the next begins. */
function rolesFit(roots: readonly RootRecord[]): boolean {
  return roots.length <= 2 && roots.filter((root) => root.role === 'active').length === 1
}

function isId(value: unknown): value is string {
  return isText(value) && ID.test(value)
}

function isText(value: unknown): value is string {
  return typeof value === 'string'
}

function isMillis(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value > 0
}
