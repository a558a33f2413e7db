import type { Edge } from '../check/edge.ts'
import type { EdgeVerdict, Reason } from '../check/verdict.ts'
import type { Hole, HoleKind } from '../intercept/explain/hole.ts'
import type { PlaceFacts, Places } from './check-places.ts'

/** Holes told of one edge and namespace: the worst come first. */
const MAX_HOLES = 3

/** Which end of the edge a hole can be the cause of. */
const OUTBOUND: ReadonlySet<HoleKind> = new Set<HoleKind>([
  'app-under-exempt-identity', 'exempt-identity', 'exempt-outbound-port', 'exempt-outbound-address', 'exempt-interface', 'ipv6-outbound-open', 'outbound-open', 'older-flow',
])
const INBOUND: ReadonlySet<HoleKind> = new Set<HoleKind>([
  'exempt-inbound-port', 'exempt-inbound-source', 'exempt-interface', 'ipv6-inbound-open', 'inbound-open', 'impostor', 'older-flow',
])

/** Why an edge is not mTLS, from the rules and processes of the namespaces that it was seen in. */
export async function readReasons(edge: Edge, verdict: EdgeVerdict, places: Places): Promise<Reason[]> {
  if (verdict === 'mtls' || verdict === 'mtls (inferred)' || verdict === 'unknown') return []
  const reasons: Reason[] = []
  const stranger = await strangerOf(edge, places)
  if (stranger !== undefined) reasons.push(stranger)
  for (const name of edge.namespaces) {
    const facts = await places.read(name)
    if (facts === undefined) continue
    const isClient = isAt(facts, edge.clientIps)
    const isServer = isAt(facts, edge.serverIps)
    reasons.push(...reasonsAt(name, facts, edge, isClient && !isServer ? OUTBOUND : isServer && !isClient ? INBOUND : undefined, stranger !== undefined))
  }
  return reasons
}

/** A server that no watched namespace has the address of: where all with a proxy are watched, it has none. */
async function strangerOf(edge: Edge, places: Places): Promise<Reason | undefined> {
  if (!places.isMesh) return undefined
  for (const name of places.names) {
    const facts = await places.read(name)
    if (facts === undefined || isAt(facts, edge.serverIps)) return undefined
  }
  const what = `${[...edge.serverIps].slice(0, 3).join(', ')} is the address of no namespace of this machine that has a proxy`
  return { kind: 'not-injected', what, fix: 'have the mesh inject its sidecar there, or add one: mtlscope sidecar; a server of another machine is to be checked there' }
}

function isAt({ addresses }: PlaceFacts, ips: ReadonlySet<string>): boolean {
  return addresses.some((address) => ips.has(address))
}

function reasonsAt(name: string, facts: PlaceFacts, edge: Edge, side: ReadonlySet<HoleKind> | undefined, hasStranger: boolean): Reason[] {
  if (facts.proxyUids.length === 0) {
    return [{ kind: 'not-injected', what: `no proxy runs in ${name}, among ${facts.processes} processes`, fix: 'have the mesh inject its sidecar there, or add one: mtlscope sidecar' }]
  }
  // What a server without a proxy cannot do is no fault of this side.
  if (side === OUTBOUND && hasStranger) return []
  const holes = facts.holes.holes.filter((hole) => (side === undefined || side.has(hole.kind)) && concerns(hole, edge))
  if (holes.length > 0) return holes.slice(0, MAX_HOLES).map(({ kind, what, fix }) => ({ kind, what: `in ${name}: ${what}`, fix }))
  const where = side === OUTBOUND ? 'lets this out as it is (passthrough: the destination is no service that it knows, or TLS to it is off)' : 'takes this as it is (permissive)'
  return [{
    kind: side === OUTBOUND ? 'passthrough' : 'permissive', what: `a proxy runs in ${name} and no way around it was found: it probably ${where}`,
    fix: side === OUTBOUND ? 'make the destination known to the mesh, and mTLS to it strict' : 'make mTLS strict for the workload',
  }]
}

/** A hole of IPv6 is none for an edge of IPv4, and one of a port none for another port. */
function concerns({ kind, what }: Hole, { serverIps, port }: Edge): boolean {
  if (kind.startsWith('ipv6')) return [...serverIps].some((ip) => ip.includes(':'))
  if (kind === 'exempt-inbound-port' || kind === 'exempt-outbound-port') return new RegExp(`\\b${port}\\b`).test(what) || /\bmore\b|…/.test(what)
  return true
}
