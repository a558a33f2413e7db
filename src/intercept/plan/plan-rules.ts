import { MtlscopeError } from '../../base/errors.ts'
import type { IpVersion } from '../netfilter/ruleset.ts'
import { entersBy, leavesBy } from './conditions.ts'
import { planContrast } from './contrast.ts'
import { planIstio } from './istio.ts'
import { planLinkerd } from './linkerd.ts'
import { planOsm } from './osm.ts'
import { planOwn } from './own.ts'
import { DROP, jump, PlanBuilder, RETURN } from './plan-builder.ts'
import type { Plan, PlannedRoute, Preset } from './plan.ts'
import { istioVersions } from './settings.ts'
import type { InterceptSettings } from './settings.ts'

const PLANNERS: Readonly<Record<Preset, (settings: InterceptSettings, plan: PlanBuilder) => void>> = {
  mtlscope: planOwn, istio: planIstio, linkerd: planLinkerd, osm: planOsm, contrast: planContrast,
}
const DROP_SIX = 'MTLSCOPE_NO_IPV6'
/** Fixed, so that the rule is there once however often it is added. */
export const ROUTE_PRIORITY = 15_006

/**
 * The rules that the settings stand for. Pure: the same settings are the same plan. Throws 'rules-refused' where the proxy would be root,
 * whom everybody may become, or nobody, so that it would be led to itself.
 */
export function planRules(settings: InterceptSettings): Plan {
  refuseOwners(settings)
  const versions = versionsFor(settings)
  const builder = new PlanBuilder(versions)
  PLANNERS[settings.preset](settings, builder)
  if (settings.ipv6 === 'drop') dropSix(builder)
  else if (!versions.includes(6)) builder.exempt(settings.preset === 'istio' ? 'IPv6 (with nft it is refused)' : 'IPv6')
  const hasInbound = settings.inboundPorts.length > 0
  const isTproxy = settings.mode === 'TPROXY'
  const needsRoutes = settings.preset === 'istio' && isTproxy && hasInbound
  return {
    preset: settings.preset, versions: settings.ipv6 === 'drop' ? [4, 6] : versions, rules: builder.rules, place: settings.preset === 'mtlscope' ? 'first' : 'last',
    routes: needsRoutes ? versions.map((version): PlannedRoute => ({ version, mark: settings.tproxyMark, table: settings.routeTable, priority: ROUTE_PRIORITY })) : [],
    addresses: settings.preset === 'istio' && versions.includes(6) ? [{ version: 6, address: '::6', length: 128 }] : [],
    exemptions: builder.exemptions,
    proxy: {
      uids: settings.uids, gids: settings.gids, isTransparent: isTproxy,
      outboundPort: settings.preset === 'contrast' || settings.outboundNetworks.length === 0 && settings.outboundPorts.length === 0 ? undefined : settings.outboundPort,
      inboundPort: hasInbound ? settings.inboundPort : undefined,
    },
  }
}

function versionsFor(settings: InterceptSettings): IpVersion[] {
  if (settings.ipv6 === 'capture') return [4, 6]
  if (settings.ipv6 !== 'mesh') return [4]
  if (settings.preset === 'istio') return istioVersions(settings)
  return settings.preset === 'mtlscope' ? [4, 6] : [4]
}

function dropSix(plan: PlanBuilder): void {
  for (const chain of ['INPUT', 'FORWARD', 'OUTPUT']) plan.add('filter', chain, [], jump(DROP_SIX), [6])
  plan.add('filter', DROP_SIX, [entersBy('lo')], RETURN, [6])
  plan.add('filter', DROP_SIX, [leavesBy('lo')], RETURN, [6])
  plan.add('filter', DROP_SIX, [], DROP, [6])
}

function refuseOwners({ preset, uids, gids }: InterceptSettings): void {
  if (uids.includes(0) || gids.includes(0)) {
    throw new MtlscopeError('rules-refused', 'the proxy may not run as root: whoever is root would not be intercepted', { hint: 'run it as a user of its own, such as -u 1337' })
  }
  if (uids.length + gids.length > 0 || preset === 'contrast') return
  throw new MtlscopeError('rules-refused', 'no user is exempted: the proxy would be led to itself', { hint: 'name the user of the proxy: -u 1337' })
}
