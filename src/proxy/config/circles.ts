import { isIPv4, isIPv6 } from 'node:net'
import type { HostPort, SidecarPlan } from '../sidecar-plan.ts'
import { formatHostPort } from './addresses.ts'

/** A way from a listener over where it leads to, and over listeners there, back to itself. */
export interface Circle {
  /** Key in the file of where it leads to. */
  readonly path: readonly (string | number)[]
  readonly way: string
}

interface Lead { readonly path: Circle['path'], readonly listen: readonly HostPort[], readonly to: HostPort }

/**
 * Listeners that lead to themselves: one call would use up all connections. Told by addresses and by `localhost`; what other names stand for
 * is known only while it runs, where `limits.connections` is the end of it.
 */
export function circles(plan: SidecarPlan): Circle[] {
  const leads = leadsOf(plan)
  return leads.flatMap((lead) => {
    const way = wayBack(lead, leads)
    return way === undefined ? [] : [{ path: lead.path, way: way.map(({ to }) => formatHostPort(to)).join(' → ') }]
  })
}

function leadsOf({ inbound, outbound }: SidecarPlan): Lead[] {
  const mapped = (outbound?.map ?? []).map(({ listen, to }, i): Lead => ({ path: ['outbound', 'map', i, 'to'], listen: [listen], to }))
  return inbound?.to === undefined ? mapped : [{ path: ['inbound', 'to'], listen: inbound.listen, to: inbound.to }, ...mapped]
}

function wayBack(start: Lead, leads: readonly Lead[]): Lead[] | undefined {
  const way = [start]
  while (way.length <= leads.length) {
    const { to } = way.at(-1)!
    if (start.listen.some((listen) => answers(listen, to))) return way
    const next = leads.find(({ listen }) => listen.some((one) => answers(one, to)))
    if (next === undefined) return undefined
    way.push(next)
  }
  // It runs into a circle of others.
  return undefined
}

function answers(listen: HostPort, to: HostPort): boolean {
  if (listen.port !== to.port) return false
  return listen.host === to.host || (isLoopback(to.host) && (isWildcardFor(listen.host, to.host) || (to.host === 'localhost' && isLoopback(listen.host))))
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIPv4(host) && host.startsWith('127.'))
}

function isWildcardFor(listen: string, host: string): boolean {
  return host === 'localhost' ? listen === '0.0.0.0' || listen === '::' : listen === (isIPv6(host) ? '::' : '0.0.0.0')
}
