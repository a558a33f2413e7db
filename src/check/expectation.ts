import { WORTH, worthOf } from './edge-verdict.ts'
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
}

/** A pattern of `--allow`: `client -> server:port`, `*` for any characters; a pattern without an arrow is one of servers. */
export class AllowPattern {
  readonly text: string
  readonly #client: RegExp
  readonly #server: RegExp

  constructor(text: string) {
    this.text = text
    const [client, server] = /->|→/.test(text) ? text.split(/->|→/, 2) : ['*', text]
    this.#client = globOf(client!.trim())
    const to = server!.trim()
    this.#server = globOf(/:[\d*]+$/.test(to) ? to : `${to}:*`)
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
  const failing = expected === undefined ? [] : report.edges.filter((edge) => edge.allowed === undefined && isLess(edge, ASKED[expected]))
  const allowed = report.edges.filter((edge) => edge.allowed !== undefined)
  const remarks = patterns.filter((pattern) => !allowed.some((edge) => edge.allowed === pattern.text)).map(({ text }) => `--allow ${text} covers no edge`)
  const isEmpty = report.edges.length === 0
  if (isEmpty && expected !== undefined) remarks.push('nothing was seen, and of nothing nothing holds')
  const isLeaked = report.canary === 'leaked'
  if (isLeaked) remarks.push('the canary was readable on the wire')
  return { holds: failing.length === 0 && !isLeaked && !(isEmpty && expected !== undefined), expected, failing, allowed, remarks }
}

/** An edge on which only handshakes failed carried nothing; it is no less than what was asked, and no more either. */
function isLess(edge: EdgeReport, asked: number): boolean {
  const worth = worthOf(edge.connections)
  return worth < asked || worth === Infinity
}

export function outcomeLines({ expected, failing, allowed, remarks, worse, holds }: Outcome): string[] {
  const lines = [...remarks]
  if (allowed.length > 0) lines.push(`${allowed.length} ${allowed.length === 1 ? 'edge is' : 'edges are'} allowed to be less`)
  if (worse !== undefined) lines.push(worse.length === 0 ? 'nothing got worse' : `got worse: ${worse.length}`, ...worse.map((text) => `  ${text}`))
  if (expected !== undefined) lines.push(holds ? `every edge is at least ${expected}` : failing.length === 0 ? `not shown to be ${expected}` : `${failing.length} ${failing.length === 1 ? 'edge is' : 'edges are'} less than ${expected}`)
  return lines
}
