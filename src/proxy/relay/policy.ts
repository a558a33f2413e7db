import type { HostPort, IdentityPatterns, OutboundPlan, PortMode, SidecarPlan } from '../sidecar-plan.ts'
import type { DestinationMatch } from './destination-match.ts'
import { matchesDestination, parseDestination } from './destination-match.ts'
import type { SocketAddress } from './socket-address.ts'

/** What becomes of an outbound connection that was captured. */
export interface OutboundVerdict {
  readonly action: 'mesh' | 'deny' | 'passthrough'
  readonly identities: IdentityPatterns
  readonly alpn: string | undefined
}

interface Expectation extends Omit<OutboundVerdict, 'action'> { readonly match: DestinationMatch }

/** The questions that a plan answers for each connection. */
export class Policy {
  readonly plan: SidecarPlan
  readonly #ports: ReadonlyMap<number, PortMode>
  readonly #allowed: ReadonlyMap<number, IdentityPatterns>
  readonly #passthrough: readonly DestinationMatch[]
  readonly #expectations: readonly Expectation[]

  constructor(plan: SidecarPlan) {
    this.plan = plan
    this.#ports = byPort(plan.inbound?.ports ?? {})
    this.#allowed = byPort(plan.inbound?.allow.ports ?? {})
    this.#passthrough = (plan.outbound?.passthrough ?? []).map(parseDestination).filter((match) => match !== undefined)
    this.#expectations = expectationsOf(plan.outbound)
  }

  modeOf(port: number): PortMode {
    return this.#ports.get(port) ?? this.plan.inbound?.default ?? 'mtls'
  }

  allowedTo(port: number): IdentityPatterns {
    return this.#allowed.get(port) ?? this.plan.inbound?.allow.default ?? []
  }

  outbound(destination: SocketAddress): OutboundVerdict {
    if (this.#passthrough.some((match) => matchesDestination(match, destination))) return { action: 'passthrough', identities: [], alpn: undefined }
    const expected = this.#expectations.find(({ match }) => matchesDestination(match, destination))
    // A destination that is expected to be somebody is a destination in the mesh, whatever becomes of the others.
    if (expected !== undefined) return { action: 'mesh', identities: expected.identities, alpn: expected.alpn }
    return { action: this.plan.outbound?.default ?? 'mesh', identities: [], alpn: undefined }
  }
}

function byPort<T>(record: Readonly<Record<string, T>>): Map<number, T> {
  return new Map(Object.entries(record).map(([port, value]) => [Number(port), value]))
}

function expectationsOf(plan: OutboundPlan | undefined): Expectation[] {
  return (plan?.expect ?? []).flatMap(({ to, identities, alpn }) => {
    const match = parseDestination(to)
    return match === undefined ? [] : [{ match, identities, alpn }]
  })
}

/** Destinations where any certificate of the mesh will do, for the notice 'ca-only'. */
export function caOnlyDestinations(plan: OutboundPlan | undefined): string[] {
  if (plan === undefined) return []
  const mapped = plan.map.filter(({ identities }) => identities.length === 0).map(({ to }) => hostPortText(to))
  const captured = plan.mode !== 'none' && plan.default === 'mesh' ? ['whatever is captured and not named in expect'] : []
  return [...mapped, ...captured]
}

/** Ports that lead back into the sidecar: of listeners that interception leads to, and the admin endpoint. */
export function ownPortsOf({ inbound, outbound, admin }: SidecarPlan): ReadonlySet<number> {
  const transparent = [...inbound === undefined || inbound.mode === 'listen' ? [] : inbound.listen, ...outbound === undefined || outbound.mode === 'none' ? [] : outbound.listen]
  return new Set([...transparent.map(({ port }) => port), admin.port])
}

export function hostPortText({ host, port }: HostPort): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}
