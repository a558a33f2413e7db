import { plural } from '../base/text.ts'
import { WORTH, worthOf } from './edge-verdict.ts'
import { isOlderOnly, olderCount, openedConnections } from './older.ts'
import type { CheckReport, EdgeReport } from './verdict.ts'

/** What `--expect` may ask of every edge. */
export type Expected = 'mtls' | 'mtls-inferred' | 'tls'

export const EXPECTED: readonly Expected[] = ['mtls', 'mtls-inferred', 'tls']

const ASKED: Readonly<Record<Expected, number>> = { 'mtls': WORTH.mtls, 'mtls-inferred': WORTH['mtls (inferred)'], 'tls': WORTH.tls }

/** Whether what was asked holds, and where it does not. */
export interface Outcome {
  readonly holds: boolean
  readonly expected: Expected | undefined
  /** Edges that are less than what was asked, the allowed ones left out. */
  readonly failing: readonly EdgeReport[]
  readonly allowed: readonly EdgeReport[]
  /** Sentences: patterns that cover nothing, nothing seen at all. */
  readonly remarks: readonly string[]
  /** With a baseline: what got worse. */
  readonly worse?: readonly string[]
  /** With `--new-only`: what was not judged, of edges that are not allowed to be less. */
  readonly leftOut?: LeftOut
}

/** Connections that are older than the watch, and how many edges have no others. */
export interface LeftOut { readonly connections: number, readonly edges: number }

const ARROW = /->|→/

/** A pattern of `--allow`: `client -> server:port`, `*` for any characters; without a port any of them is meant. Ask `isEdge` first. */
export class AllowPattern {
  readonly text: string
  readonly #client: RegExp
  readonly #server: RegExp

  constructor(text: string) {
    this.text = text
    const [client = '', server = ''] = text.split(ARROW)
    this.#client = globOf(client.trim())
    const to = server.trim()
    this.#server = globOf(/:[\d*]+$/.test(to) ? to : `${to}:*`)
  }

  /** Whether a text names both sides. */
  static isEdge(text: string): boolean {
    const sides = text.split(ARROW)
    return sides.length === 2 && sides.every((side) => side.trim() !== '')
  }

  covers({ client, server, port, addresses }: EdgeReport): boolean {
    const isClient = this.#client.test(client) || addresses.client.some((ip) => this.#client.test(ip))
    return isClient && (this.#server.test(`${server}:${port}`) || addresses.server.some((ip) => this.#server.test(`${ip}:${port}`)))
  }
}

function globOf(text: string): RegExp {
  return new RegExp(`^${text.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replace(/\*+/g, '.*')}$`)
}

/** Marks the edges that a pattern covers. */
export function allowEdges(report: CheckReport, patterns: readonly AllowPattern[]): CheckReport {
  if (patterns.length === 0) return report
  return { ...report, edges: report.edges.map((edge) => {
    const pattern = patterns.find((one) => one.covers(edge))
    return pattern === undefined ? edge : { ...edge, allowed: pattern.text }
  }) }
}

export function judgeReport(report: CheckReport, expected: Expected | undefined, patterns: readonly AllowPattern[]): Outcome {
  const { newOnly = false } = report
  const failing = expected === undefined ? [] : report.edges.filter((edge) => edge.allowed === undefined && isLess(edge, ASKED[expected], newOnly))
  const allowed = report.edges.filter((edge) => edge.allowed !== undefined)
  const remarks = patterns.filter((pattern) => !allowed.some((edge) => edge.allowed === pattern.text)).map(({ text }) => `--allow ${text} covers no edge`)
  const isEmpty = report.edges.length === 0
  if (isEmpty && expected !== undefined) remarks.push('nothing was seen, and of nothing nothing holds')
  const hasNothingNew = newOnly && !isEmpty && isWithoutNew(report)
  if (hasNothingNew) remarks.push('no connection was opened in the watch: there is nothing to judge')
  else if (!newOnly) remarks.push(...olderRemarks(failing, expected))
  const isLeaked = report.canary === 'leaked'
  if (isLeaked) remarks.push('the canary was readable on the wire')
  const holds = failing.length === 0 && !isLeaked && !(isEmpty && expected !== undefined) && !hasNothingNew
  return { holds, expected, failing, allowed, remarks, ...(newOnly && { leftOut: leftOutOf(report) }) }
}

/** An edge on which only handshakes failed carried nothing; it is no less than what was asked, and no more either. */
function isLess(edge: EdgeReport, asked: number, newOnly: boolean): boolean {
  if (newOnly && isOlderOnly(edge)) return false
  const worth = worthOf(newOnly ? openedConnections(edge) : edge.connections)
  return worth < asked || worth === Infinity
}

/** Edges that are allowed to be less are no ground to say that something holds, unless there are no others. */
function isWithoutNew({ edges }: CheckReport): boolean {
  const judged = edges.filter(({ allowed }) => allowed === undefined)
  return (judged.length === 0 ? edges : judged).every(isOlderOnly)
}

function leftOutOf({ edges }: CheckReport): LeftOut {
  const judged = edges.filter(({ allowed }) => allowed === undefined)
  return { connections: judged.reduce((sum, edge) => sum + olderCount(edge), 0), edges: judged.filter(isOlderOnly).length }
}

/** Where nothing but what nobody saw begin is less, there is a way to judge the rest. */
function olderRemarks(failing: readonly EdgeReport[], expected: Expected | undefined): string[] {
  const count = expected === undefined ? 0 : failing.filter((edge) => !isLess(edge, ASKED[expected], true)).length
  return count === 0 ? [] : [`${count} of ${plural(failing.length, 'edge')} that ${failing.length === 1 ? 'is' : 'are'} less ${count === 1 ? 'is' : 'are'} so only by connections that are older than the watch; --new-only judges those that were opened in it`]
}

export function outcomeLines({ expected, failing, allowed, remarks, worse, holds, leftOut }: Outcome): string[] {
  const lines = [...remarks]
  if (allowed.length > 0) lines.push(`${allowed.length} ${allowed.length === 1 ? 'edge is' : 'edges are'} allowed to be less`)
  if (leftOut !== undefined) lines.push(leftOutLine(leftOut))
  if (worse !== undefined) lines.push(worse.length === 0 ? 'nothing got worse' : `got worse: ${worse.length}`, ...worse.map((text) => `  ${text}`))
  if (expected !== undefined) lines.push(holds ? `${leftOut === undefined ? 'every edge' : 'every connection that was opened in the watch'} is at least ${expected}` : failing.length === 0 ? `not shown to be ${expected}` : `${failing.length} ${failing.length === 1 ? 'edge is' : 'edges are'} less than ${expected}`)
  return lines
}

function leftOutLine({ connections, edges }: LeftOut): string {
  const which = edges === 0 ? '' : `; ${edges} ${edges === 1 ? 'edge has' : 'edges have'} no others, and ${edges === 1 ? 'is' : 'are'} not judged`
  return `not judged, as older than the watch: ${plural(connections, 'connection')}${which}`
}
