import type { NumberRange } from '../netfilter/number-range.ts'
import type { Match } from '../netfilter/ruleset.ts'
import { leavesBy, network, owner, tcp, to } from './conditions.ts'
import { jump, redirect, RETURN } from './plan-builder.ts'
import type { PlanBuilder } from './plan-builder.ts'
import { portGroups } from './port-groups.ts'
import { portText } from './plan.ts'
import type { InterceptSettings } from './settings.ts'

const IN = 'PROXY_INIT_REDIRECT'
const OUT = 'PROXY_INIT_OUTPUT'

/** proxy-init of linkerd2. */
export function planLinkerd(settings: InterceptSettings, plan: PlanBuilder): void {
  const inbound = (matches: readonly Match[], action = RETURN): void => plan.add('nat', IN, matches, action)
  const outbound = (matches: readonly Match[], action = RETURN): void => plan.add('nat', OUT, matches, action)
  const list = (ports: readonly NumberRange[]): string => ports.map((one) => portText(one, '-')).join(', ')
  for (const ports of portGroups(settings.excludeInboundPorts)) inbound([tcp, to(ports)])
  for (const text of settings.excludeSources) inbound([network('source', text)])
  if (settings.inboundPorts === '*') inbound([tcp], redirect(settings.inboundPort))
  else for (const one of settings.inboundPorts) inbound([tcp, to([one])], redirect(settings.inboundPort))
  plan.add('nat', 'PREROUTING', [], jump(IN))
  for (const uid of settings.uids) outbound([owner('uid', uid)])
  for (const gid of settings.gids) outbound([owner('gid', gid)])
  outbound([leavesBy('lo')])
  for (const ports of portGroups(settings.excludeOutboundPorts)) outbound([tcp, to(ports)])
  outbound([tcp], redirect(settings.outboundPort))
  plan.add('nat', 'OUTPUT', [], jump(OUT))

  plan.exempt(`the proxy: uid ${[...settings.uids, ...settings.gids.map((gid) => `or gid ${gid}`)].join(', ')}`)
  if (settings.excludeInboundPorts.length > 0) plan.exempt(`inbound ports ${list(settings.excludeInboundPorts)}`)
  if (settings.excludeOutboundPorts.length > 0) plan.exempt(`outbound ports ${list(settings.excludeOutboundPorts)}`)
  if (settings.excludeSources.length > 0) plan.exempt(`inbound connections from ${settings.excludeSources.join(', ')}`)
  plan.exempt('UDP in both directions, HTTP/3 among it')
}
