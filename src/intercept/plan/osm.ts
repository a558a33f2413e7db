import { parseAddress } from '../../net/address.ts'
import { single } from '../netfilter/address-range.ts'
import type { Match } from '../netfilter/ruleset.ts'
import { entersBy, leavesBy, network, owner, port, tcp, to } from './conditions.ts'
import { ACCEPT, jump, redirect, RETURN } from './plan-builder.ts'
import type { PlanBuilder } from './plan-builder.ts'
import { portText } from './plan.ts'
import { portGroups } from './port-groups.ts'
import type { InterceptSettings } from './settings.ts'

/** Statistics, and the probes that its injector rewrote. */
const OWN_PORTS = [15_010, 15_901, 15_902, 15_903, 15_904]
const ADMIN_PORT = 15_000
const LOCALHOST = '127.0.0.1/32'

/** The init container of Open Service Mesh: IPv4 only. */
export function planOsm(settings: InterceptSettings, plan: PlanBuilder): void {
  inbound(settings, plan)
  outbound(settings, plan)
  plan.exempt(`the proxy: uid ${settings.uids.join(', ')}`)
  plan.exempt(`inbound ports ${[...settings.excludeInboundPorts.map((one) => portText(one, '-')), ...OWN_PORTS].join(', ')}`)
  if (settings.excludeOutboundPorts.length > 0) plan.exempt(`outbound ports ${settings.excludeOutboundPorts.map((one) => portText(one, '-')).join(', ')}`)
  if (settings.excludeOutboundNetworks.length > 0) plan.exempt(`destinations ${settings.excludeOutboundNetworks.join(', ')}`)
  if (settings.outboundNetworks !== '*') plan.exempt(`all destinations but ${settings.outboundNetworks.join(', ')}`)
  plan.exempt('UDP in both directions, HTTP/3 among it')
}

function inbound({ excludeInboundPorts, excludeInterfaces, inboundPort }: InterceptSettings, plan: PlanBuilder): void {
  const add = (matches: readonly Match[], action = RETURN): void => plan.add('nat', 'OSM_PROXY_INBOUND', matches, action)
  // OSM writes these two with -I: the last one written is first.
  for (const name of excludeInterfaces.toReversed()) add([entersBy(name)])
  for (const ports of portGroups(excludeInboundPorts)) add([tcp, to(ports)])
  for (const number of OWN_PORTS) add([tcp, to([port(number)])])
  add([tcp], jump('OSM_PROXY_IN_REDIRECT'))
  plan.add('nat', 'OSM_PROXY_IN_REDIRECT', [tcp], redirect(inboundPort))
  plan.add('nat', 'PREROUTING', [tcp], jump('OSM_PROXY_INBOUND'))
}

function outbound(settings: InterceptSettings, plan: PlanBuilder): void {
  const add = (matches: readonly Match[], action = RETURN): void => plan.add('nat', 'OSM_PROXY_OUTBOUND', matches, action)
  const address = settings.podIp === undefined ? undefined : parseAddress(settings.podIp)
  for (const uid of address === undefined ? [] : settings.uids) {
    plan.add('nat', 'OUTPUT', [network('destination', LOCALHOST), leavesBy('lo'), tcp, owner('uid', uid)], { kind: 'dnat', address: single(address!), ports: undefined })
  }
  plan.add('nat', 'OUTPUT', [tcp], jump('OSM_PROXY_OUTBOUND'))
  for (const uid of settings.uids) {
    add([network('destination', LOCALHOST, true), leavesBy('lo'), owner('uid', uid)], jump('OSM_PROXY_IN_REDIRECT'))
    add([leavesBy('lo'), owner('uid', uid, true)])
    add([owner('uid', uid)])
  }
  add([network('destination', LOCALHOST)])
  for (const name of settings.excludeInterfaces) add([leavesBy(name)])
  for (const text of settings.excludeOutboundNetworks) add([network('destination', text)])
  for (const ports of portGroups(settings.excludeOutboundPorts)) add([tcp, to(ports)])
  if (settings.outboundNetworks === '*') add([], jump('OSM_PROXY_OUT_REDIRECT'))
  else {
    for (const text of settings.outboundNetworks) add([network('destination', text)], jump('OSM_PROXY_OUT_REDIRECT'))
    add([])
  }
  plan.add('nat', 'OSM_PROXY_OUT_REDIRECT', [tcp], redirect(settings.outboundPort))
  // Never reached, and there in the original.
  plan.add('nat', 'OSM_PROXY_OUT_REDIRECT', [tcp, to([port(ADMIN_PORT)])], ACCEPT)
}
