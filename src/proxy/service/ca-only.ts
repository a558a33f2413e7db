import { formatDestination, formatHostPort } from '../config/addresses.ts'
import type { SidecarPlan } from '../sidecar-plan.ts'

/** Where whoever the trust bundle vouches for is taken for the server or let in as a client: said aloud in `/config` and by `--check`. */
export function caOnlyPlaces(plan: SidecarPlan): string[] {
  const places: string[] = []
  const { inbound, outbound } = plan
  for (const { listen, to, identities } of outbound?.map ?? []) {
    if (identities.length === 0) places.push(`outbound ${formatHostPort(listen)} → ${formatHostPort(to)}: any identity of the mesh may answer`)
  }
  for (const { to, identities } of outbound?.expect ?? []) {
    if (identities.length === 0) places.push(`outbound ${formatDestination(to)}: any identity of the mesh may answer`)
  }
  if (outbound !== undefined && outbound.mode !== 'none' && outbound.default === 'mesh') places.push('outbound to what expect does not name: any identity of the mesh may answer')
  if (inbound === undefined) return places
  if (inbound.allow.default.length === 0) places.push('inbound: any identity of the mesh may call')
  for (const [port, mode] of Object.entries(inbound.ports)) {
    if (mode === 'tls') places.push(`inbound port ${port}: anyone may call, over TLS`)
    if (mode === 'plaintext' || mode === 'permissive') places.push(`inbound port ${port}: anyone may call, in plaintext`)
  }
  if (inbound.default !== 'mtls') places.push(`inbound on every other port: anyone may call, ${inbound.default === 'tls' ? 'over TLS' : 'in plaintext'}`)
  return places
}
