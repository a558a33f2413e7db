import type { NumberRange } from '../netfilter/number-range.ts'
import { UDP } from '../netfilter/protocol-number.ts'
import type { Match } from '../netfilter/ruleset.ts'
import { entersBy, leavesBy, marked, network, owner, port, state, tcp, to, udp } from './conditions.ts'
import { planIstioDns } from './istio-dns.ts'
import { ACCEPT, DROP, jump, redirect, RESTORE_MARK, RETURN, SAVE_MARK, setMark, tproxy } from './plan-builder.ts'
import type { PlanBuilder } from './plan-builder.ts'
import { portText } from './plan.ts'
import type { InterceptSettings } from './settings.ts'

const PASSTHROUGH = ['127.0.0.6/32', '::6/128'] as const
/** Of what the proxy itself sends to its own pod, so that the inbound rules take it. */
const SELF_CALL_MARK = 1338
const DNS_PORT = 53

/** The loopback of both families, each as a condition. */
function ownLoopback(settings: InterceptSettings, not = false): Match[] {
  return [settings.loopbackNetwork, '::1/128'].map((text) => network('destination', text, not))
}

/** istio-iptables: inbound by REDIRECT or TPROXY, outbound by REDIRECT. */
export function planIstio(settings: InterceptSettings, plan: PlanBuilder): void {
  const isTproxy = settings.mode === 'TPROXY'
  virtualInterfaces(settings, plan)
  excludeInterfaces(settings, plan, isTproxy)
  if (settings.dropInvalid) {
    plan.add('mangle', 'PREROUTING', [state('invalid')], jump('ISTIO_DROP'))
    plan.add('mangle', 'ISTIO_DROP', [], DROP)
  }
  plan.add('nat', 'ISTIO_INBOUND', [tcp, to([port(settings.tunnelPort)])], RETURN)
  plan.add('nat', 'ISTIO_REDIRECT', [tcp], redirect(settings.outboundPort))
  plan.add('nat', 'ISTIO_IN_REDIRECT', [tcp], redirect(settings.inboundPort))
  if (settings.inboundPorts.length > 0) {
    if (isTproxy) tproxyInbound(settings, plan)
    else redirectInbound(settings, plan)
  }
  outbound(settings, plan)
  if (settings.dns !== 'no') planIstioDns(settings, plan)
  describe(settings, plan)
}

function excludeInterfaces({ excludeInterfaces: names }: InterceptSettings, plan: PlanBuilder, isTproxy: boolean): void {
  for (const table of isTproxy ? ['nat', 'mangle'] as const : ['nat'] as const) {
    for (const name of names) {
      plan.add(table, 'PREROUTING', [entersBy(name)], RETURN)
      plan.add(table, 'OUTPUT', [leavesBy(name)], RETURN)
    }
  }
}

/** Each is inserted at the head in turn, so that the last one stands first. */
function virtualInterfaces({ virtualInterfaces: names, outboundNetworks }: InterceptSettings, plan: PlanBuilder): void {
  const backwards = names.toReversed()
  for (const destination of outboundNetworks === '*' ? [[]] : outboundNetworks.toReversed().map((text) => [network('destination', text)])) {
    for (const name of backwards) plan.add('nat', 'PREROUTING', [...destination, entersBy(name)], jump('ISTIO_REDIRECT'))
  }
  for (const name of backwards) plan.add('nat', 'PREROUTING', [entersBy(name)], RETURN)
}

function redirectInbound({ inboundPorts, excludeInboundPorts }: InterceptSettings, plan: PlanBuilder): void {
  plan.add('nat', 'PREROUTING', [tcp], jump('ISTIO_INBOUND'))
  if (inboundPorts === '*') {
    for (const one of excludeInboundPorts) plan.add('nat', 'ISTIO_INBOUND', [tcp, to([one])], RETURN)
    plan.add('nat', 'ISTIO_INBOUND', [tcp], jump('ISTIO_IN_REDIRECT'))
  } else for (const one of inboundPorts) plan.add('nat', 'ISTIO_INBOUND', [tcp, to([one])], jump('ISTIO_IN_REDIRECT'))
}

function tproxyInbound(settings: InterceptSettings, plan: PlanBuilder): void {
  const { tproxyMark: mark, inboundPorts } = settings
  const inbound = (matches: readonly Match[], action = RETURN): void => plan.add('mangle', 'ISTIO_INBOUND', matches, action)
  plan.add('mangle', 'PREROUTING', [tcp], jump('ISTIO_INBOUND'))
  plan.add('mangle', 'PREROUTING', [tcp, marked('packet', mark)], SAVE_MARK)
  inbound([tcp, marked('packet', mark)])
  for (const text of PASSTHROUGH) inbound([network('source', text), entersBy('lo'), tcp])
  inbound([entersBy('lo'), tcp, marked('packet', SELF_CALL_MARK, true)])
  if (inboundPorts === '*') for (const one of settings.excludeInboundPorts) inbound([tcp, to([one])])
  for (const narrowed of inboundPorts === '*' ? [[]] : inboundPorts.map((one) => [to([one])])) {
    inbound([tcp, ...narrowed, state('related', 'established')], jump('ISTIO_DIVERT'))
    inbound([tcp, ...narrowed], jump('ISTIO_TPROXY'))
  }
  plan.add('mangle', 'ISTIO_DIVERT', [], setMark(mark))
  plan.add('mangle', 'ISTIO_DIVERT', [], ACCEPT)
  for (const elsewhere of ownLoopback(settings, true)) plan.add('mangle', 'ISTIO_TPROXY', [elsewhere, tcp], tproxy(settings.inboundPort, mark))
  plan.add('mangle', 'OUTPUT', [leavesBy('lo'), tcp, marked('packet', mark)], RETURN)
  for (const who of proxyOwners(settings)) {
    for (const elsewhere of ownLoopback(settings, true)) plan.add('mangle', 'OUTPUT', [elsewhere, leavesBy('lo'), tcp, who(false)], setMark(SELF_CALL_MARK))
  }
  plan.add('mangle', 'OUTPUT', [tcp, marked('connection', mark)], RESTORE_MARK)
}

function proxyOwners({ uids, gids }: InterceptSettings): ((not: boolean) => Match)[] {
  return [...uids.map((id) => (not: boolean) => owner('uid', id, not)), ...gids.map((id) => (not: boolean) => owner('gid', id, not))]
}

function outbound(settings: InterceptSettings, plan: PlanBuilder): void {
  const add = (matches: readonly Match[], action = RETURN): void => plan.add('nat', 'ISTIO_OUTPUT', matches, action)
  plan.add('nat', 'OUTPUT', [], jump('ISTIO_OUTPUT'))
  for (const one of settings.excludeOutboundPorts) {
    add([tcp, to([one])])
    add([udp, to([one], { of: UDP })])
  }
  for (const text of PASSTHROUGH) add([network('source', text), leavesBy('lo')])
  for (const [i, who] of proxyOwners(settings).entries()) exemptProxy(settings, plan, who, i < settings.uids.length)
  for (const gid of settings.excludeOwnerGroups) add([owner('gid', gid)])
  if (settings.ownerGroups !== '*') add(settings.ownerGroups.map((gid) => owner('gid', gid, true)))
  if (settings.dns !== 'no') add([], jump('ISTIO_OUTPUT_DNS'))
  for (const here of ownLoopback(settings)) add([here])
  for (const text of settings.excludeOutboundNetworks) add([network('destination', text)])
  for (const one of settings.outboundPorts) add([tcp, to([one])], jump('ISTIO_REDIRECT'))
  if (settings.outboundNetworks === '*') add([], jump('ISTIO_REDIRECT'))
  else for (const text of settings.outboundNetworks) add([network('destination', text)], jump('ISTIO_REDIRECT'))
}

/** Its calls to its own pod pass the inbound rules; what others say on loopback stays; the rest of its own leaves. */
function exemptProxy(settings: InterceptSettings, plan: PlanBuilder, who: (not: boolean) => Match, isUid: boolean): void {
  const add = (matches: readonly Match[], action = RETURN): void => plan.add('nat', 'ISTIO_OUTPUT', matches, action)
  const hasDns = settings.dns !== 'no'
  const unless: NumberRange[] = hasDns && isUid ? [port(DNS_PORT), port(settings.tunnelPort)] : [port(settings.tunnelPort)]
  for (const elsewhere of ownLoopback(settings, true)) add([elsewhere, leavesBy('lo'), tcp, to(unless, { not: true }), who(false)], jump('ISTIO_IN_REDIRECT'))
  if (!capturesLoopback(settings)) add(hasDns ? [leavesBy('lo'), tcp, to([port(DNS_PORT)], { not: true }), who(true)] : [leavesBy('lo'), who(true)])
  add([who(false)])
}

function capturesLoopback({ outboundNetworks }: InterceptSettings): boolean {
  return outboundNetworks !== '*' && outboundNetworks.some((text) => text.startsWith('127.') || text.startsWith('::1/') || text === '::1')
}

function describe(settings: InterceptSettings, plan: PlanBuilder): void {
  if (settings.uids.length + settings.gids.length > 0) plan.exempt(`the proxy: uid ${settings.uids.join(', ')} or gid ${settings.gids.join(', ')}`)
  const list = (ports: readonly NumberRange[]): string => ports.map((one) => portText(one, '-')).join(', ')
  if (settings.mode !== 'TPROXY') plan.exempt(`inbound port ${settings.tunnelPort}`)
  if (settings.inboundPorts === '*') {
    if (settings.excludeInboundPorts.length > 0) plan.exempt(`inbound ports ${list(settings.excludeInboundPorts)}`)
  } else plan.exempt(settings.inboundPorts.length === 0 ? 'everything inbound' : `all inbound ports but ${list(settings.inboundPorts)}`)
  if (settings.outboundNetworks !== '*') plan.exempt(settings.outboundNetworks.length === 0 ? 'everything outbound' : `all destinations but ${settings.outboundNetworks.join(', ')}`)
  if (settings.excludeOutboundNetworks.length > 0) plan.exempt(`destinations ${settings.excludeOutboundNetworks.join(', ')}`)
  if (settings.excludeOutboundPorts.length > 0) plan.exempt(`outbound ports ${list(settings.excludeOutboundPorts)}`)
  if (settings.excludeInterfaces.length > 0) plan.exempt(`interfaces ${settings.excludeInterfaces.join(', ')}`)
  plan.exempt(settings.dns === 'no' ? 'UDP in both directions, HTTP/3 among it' : 'UDP in both directions but for DNS')
}
