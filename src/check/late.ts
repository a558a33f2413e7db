import { plural } from '../base/text.ts'
import type { Edge } from './edge.ts'
import type { Probed } from './probed.ts'
import type { Evidence, Verdict } from './verdict.ts'

/** Pairs of addresses of one edge that are told apart. */
const MAX_PAIRS = 256

/**
 * `late`: TLS whose handshake was not seen. `older`: what is older than the watch beside that. `mutual`: it began with a full handshake in which both sides
 * proved who they are, or seem to have.
 */
export type Sight = 'late' | 'older' | 'mutual'

/** Connections of one edge by their two addresses, as far as one says something of another. Bounded: what has no room is like nothing that was seen. */
export class Sights {
  readonly #late = new Map<string, number>()
  readonly #mutual = new Map<string, number>()
  late = 0
  older = 0

  count(sight: Sight, pair: string, by: 1 | -1): void {
    if (sight === 'older') {
      this.older = Math.max(0, this.older + by)
      return
    }
    if (sight === 'late') this.late = Math.max(0, this.late + by)
    const counts = sight === 'late' ? this.#late : this.#mutual
    const known = counts.get(pair)
    if (known === undefined && (by < 0 || counts.size >= MAX_PAIRS)) return
    counts.set(pair, (known ?? 0) + by)
  }

  /** Late connections between two addresses of which a mutual handshake was seen, and how many of those there were. */
  get likened(): { readonly connections: number, readonly handshakes: number } {
    let [connections, handshakes] = [0, 0]
    for (const [pair, count] of this.#late) {
      const mutual = this.#mutual.get(pair) ?? 0
      if (count <= 0 || mutual <= 0) continue
      connections += count
      handshakes += mutual
    }
    return { connections, handshakes }
  }
}

/** What is concluded of the connections of an edge whose handshakes were not seen. */
export interface LateConclusion {
  readonly connections: Readonly<Partial<Record<Verdict, number>>>
  /** Of these, the ones that are older than the watch, whether they are TLS or not. */
  readonly older: Readonly<Partial<Record<Verdict, number>>>
  /** Why they are inferred to be mutual; undefined where none is. */
  readonly because: string | undefined
  readonly evidence: readonly Evidence[]
}

/**
 * Such a connection is inferred to be mutual where the servers of the edge refuse whoever has no certificate, or where the handshakes between the same two
 * addresses were all mutual; never where anything of the edge is known to be less, or a probe found the port open to less. It is never proved:
 * what was agreed when it was opened was not seen, and the server may have been set up differently then.
 */
export function concludeLate(edge: Edge, { connections, stance, resumedUnknown }: Pick<Probed, 'connections' | 'stance' | 'resumedUnknown'>): LateConclusion {
  // A connection whose names are learnt in its midst may be counted by two edges.
  const late = Math.min(edge.late, connections.unknown ?? 0)
  if (late === 0) return { connections, older: olderOf(edge, connections, 0, 0), because: undefined, evidence: [] }
  const { connections: likened, handshakes } = edge.likened
  const inferred = stance === 'open' || isContradicted(edge, connections, resumedUnknown) ? 0 : stance === 'strict' ? late : Math.min(late, likened)
  const how = stance === 'strict' ? 'the server refuses whoever has no certificate, and what it asked for before was not seen' : `${plural(handshakes, 'handshake')} of the same client with this server ${handshakes === 1 ? 'was' : 'were'} mutual`
  const because = inferred === 0 ? undefined : `${countText(late, edge)} older than the watch, and mutual TLS is inferred of ${inferred === late ? late === 1 ? 'it' : 'them' : inferred}: ${how}`
  const what = because ?? `${countText(late, edge)} older than the watch, and nothing is inferred: ${whyNothing(edge, stance, handshakes)}`
  return { connections: inferred === 0 ? connections : withInferred(connections, inferred), older: olderOf(edge, connections, late, inferred), because, evidence: [{ kind: 'late', what: inferred > 0 && stance === undefined ? `${what}; whether the server insists on it a probe tells (--probe)` : what }] }
}

/** One that is known to be less, or of which the handshake was seen and says too little. */
function isContradicted({ late }: Edge, { tls = 0, plaintext = 0, unknown = 0 }: Probed['connections'], resumed: number): boolean {
  return tls + plaintext > 0 || unknown > late + resumed
}

function withInferred({ unknown = 0, ...others }: Probed['connections'], inferred: number): Probed['connections'] {
  const { 'mtls (inferred)': known = 0 } = others
  return { ...others, 'mtls (inferred)': known + inferred, ...(unknown > inferred && { unknown: unknown - inferred }) }
}

function olderOf(edge: Edge, { unknown = 0 }: Probed['connections'], late: number, inferred: number): LateConclusion['older'] {
  const others = Math.min(late + edge.older, unknown) - inferred
  return { ...(inferred > 0 && { 'mtls (inferred)': inferred }), ...(others > 0 && { unknown: others }) }
}

function whyNothing({ connections }: Edge, stance: Probed['stance'], handshakes: number): string {
  if (stance === 'open') return 'the probe found the port open to clients without a certificate that it knows, or to plaintext'
  if (handshakes > 0 || connections.tls !== undefined || connections.plaintext !== undefined) return 'not all other connections of the edge are mutual'
  return 'no mutual handshake of the same client with this server was seen; wait for new connections, restart one of the ends, or ask the server (--probe)'
}

function countText(late: number, { connections }: Edge): string {
  const all = Object.values(connections).reduce((sum, count) => sum + count, 0)
  return late === all ? `${plural(late, 'connection')} ${late === 1 ? 'is' : 'are'}` : `${late} of ${all} connections ${late === 1 ? 'is' : 'are'}`
}
