import { TCP, UDP } from '../netfilter/protocol-number.ts'
import type { NumberRange } from '../netfilter/number-range.ts'
import type { Match } from '../netfilter/ruleset.ts'
import { entersBy, from, hasSocket, icmp, leavesBy, marked, network, owner, port, state, tcp, to, udp } from './conditions.ts'
import { DROP, jump, redirect, REJECT, RETURN, setMark, tproxy } from './plan-builder.ts'
import type { PlanBuilder } from './plan-builder.ts'
import { portText } from './plan.ts'
import { portGroups } from './port-groups.ts'
import type { InterceptSettings } from './settings.ts'

const IN = 'MTLSCOPE_INBOUND'
const OUT = 'MTLSCOPE_OUTBOUND'
const ONLY_IN = 'MTLSCOPE_ONLY_IN'
const ONLY_OUT = 'MTLSCOPE_ONLY_OUT'
const LOOPBACKS = ['127.0.0.0/8', '::1/128']

/**
 * Our own rules. nat (or mangle, for TPROXY) leads connections to the proxy; filter stops whatever came past it: UDP, other protocols,
 * packets that conntrack calls invalid, connections that are older than the rules, and rules of others that stand before ours.
 */
export function planOwn(settings: InterceptSettings, plan: PlanBuilder): void {
  if (settings.mode === 'TPROXY') tproxyInbound(settings, plan)
  else redirectInbound(settings, plan)
  redirectOutbound(settings, plan)
  onlyIn(settings, plan)
  onlyOut(settings, plan)
  describe(settings, plan)
}

function proxyOwners({ uids, gids }: InterceptSettings): Match[] {
  return [...uids.map((id) => owner('uid', id)), ...gids.map((id) => owner('gid', id))]
}

/** Conditions that narrow a rule to the ports that are intercepted: one empty list for all of them. */
function inboundPorts({ inboundPorts: wanted }: InterceptSettings): Match[][] {
  return wanted === '*' ? [[]] : portGroups(wanted).map((ports) => [to(ports)])
}

function redirectInbound(settings: InterceptSettings, plan: PlanBuilder): void {
  plan.add('nat', 'PREROUTING', [tcp], jump(IN))
  for (const name of settings.excludeInterfaces) plan.add('nat', IN, [entersBy(name)], RETURN)
  for (const ports of portGroups(settings.excludeInboundPorts)) plan.add('nat', IN, [tcp, to(ports)], RETURN)
  for (const narrowed of inboundPorts(settings)) plan.add('nat', IN, [tcp, ...narrowed], redirect(settings.inboundPort))
}

/** mangle sees every packet: those of connections that exist go to their socket as they are. */
function tproxyInbound(settings: InterceptSettings, plan: PlanBuilder): void {
  plan.add('mangle', 'PREROUTING', [tcp], jump(IN))
  plan.add('mangle', IN, [entersBy('lo')], RETURN)
  for (const name of settings.excludeInterfaces) plan.add('mangle', IN, [entersBy(name)], RETURN)
  plan.add('mangle', IN, [tcp, state('related', 'established')], RETURN)
  for (const ports of portGroups(settings.excludeInboundPorts)) plan.add('mangle', IN, [tcp, to(ports)], RETURN)
  for (const narrowed of inboundPorts(settings)) {
    // Answers are known by it: they come from the address that was called, so that no port tells them apart.
    plan.add('mangle', IN, [tcp, ...narrowed], { ...setMark(settings.tproxyMark), of: 'connection' })
    plan.add('mangle', IN, [tcp, ...narrowed], tproxy(settings.inboundPort, settings.tproxyMark))
  }
}

function redirectOutbound(settings: InterceptSettings, plan: PlanBuilder): void {
  const add = (matches: readonly Match[], action = RETURN): void => plan.add('nat', OUT, matches, action)
  plan.add('nat', 'OUTPUT', [tcp], jump(OUT))
  add([leavesBy('lo')])
  for (const who of proxyOwners(settings)) add([who])
  for (const name of settings.excludeInterfaces) add([leavesBy(name)])
  for (const ports of portGroups(settings.excludeOutboundPorts)) add([tcp, to(ports)])
  for (const text of settings.excludeOutboundNetworks) add([network('destination', text)])
  for (const ports of portGroups(settings.outboundPorts)) add([tcp, to(ports)], redirect(settings.outboundPort))
  for (const where of outboundNetworks(settings)) add([...where, tcp], redirect(settings.outboundPort))
}

function outboundNetworks({ outboundNetworks: wanted }: InterceptSettings): Match[][] {
  return wanted === '*' ? [[]] : wanted.map((text) => [network('destination', text)])
}

/** What may arrive: loopback, ICMP, what the proxy takes, answers, and what is exempted. */
function onlyIn(settings: InterceptSettings, plan: PlanBuilder): void {
  const add = (matches: readonly Match[], action = RETURN): void => plan.add('filter', ONLY_IN, matches, action)
  plan.add('filter', 'INPUT', [], jump(ONLY_IN))
  add([entersBy('lo')])
  for (const version of plan.versions) plan.add('filter', ONLY_IN, [icmp(version)], RETURN, [version])
  for (const name of settings.excludeInterfaces) add([entersBy(name)])
  if (settings.mode === 'TPROXY') add([tcp, marked('packet', settings.tproxyMark)])
  else add([tcp, to([port(settings.inboundPort)])])
  add([state('related', 'established')])
  for (const ports of portGroups(settings.excludeInboundPorts)) add([tcp, to(ports)])
  if (settings.inboundPorts !== '*') {
    for (const narrowed of inboundPorts(settings)) add([tcp, ...narrowed], DROP)
    add([tcp])
  }
  add([], DROP)
}

/**
 * What may leave: loopback and what was redirected there, the proxy, ICMP, DNS, and what is exempted. Only packets that belong to
 * somebody's socket are refused: the kernel's own answers and the last packets of closed connections are nobody's.
 */
function onlyOut(settings: InterceptSettings, plan: PlanBuilder): void {
  const add = (matches: readonly Match[], action = RETURN): void => plan.add('filter', ONLY_OUT, matches, action)
  plan.add('filter', 'OUTPUT', [], jump(ONLY_OUT))
  add([leavesBy('lo')])
  for (const text of LOOPBACKS) add([network('destination', text)])
  for (const who of proxyOwners(settings)) add([who])
  // A listener belongs to whoever opened it, and most proxies are root when they do.
  if (settings.mode === 'TPROXY') add([tcp, state('established'), marked('connection', settings.tproxyMark)])
  else add([tcp, from([port(settings.inboundPort)], TCP), state('established')])
  for (const version of plan.versions) plan.add('filter', ONLY_OUT, [icmp(version)], RETURN, [version])
  for (const name of settings.excludeInterfaces) add([leavesBy(name)])
  for (const text of settings.excludeOutboundNetworks) add([network('destination', text)])
  for (const ports of portGroups(settings.udpPorts)) add([udp, to(ports, { of: UDP })])
  for (const ports of portGroups(settings.excludeOutboundPorts)) {
    add([tcp, to(ports)])
    add([udp, to(ports, { of: UDP })])
  }
  if (settings.outboundNetworks === '*') add([tcp, hasSocket], REJECT)
  else {
    for (const where of outboundNetworks(settings)) add([...where, tcp, hasSocket], REJECT)
    add([tcp])
  }
  add([hasSocket], REJECT)
}

function describe(settings: InterceptSettings, plan: PlanBuilder): void {
  const list = (ports: readonly NumberRange[]): string => ports.map((one) => portText(one, '-')).join(', ')
  plan.exempt(`the proxy: uid ${[...settings.uids, ...settings.gids.map((gid) => `or gid ${gid}`)].join(', ')}`)
  plan.exempt('loopback and ICMP')
  if (settings.udpPorts.length > 0) plan.exempt(`outbound UDP to port ${list(settings.udpPorts)}`)
  if (settings.excludeInboundPorts.length > 0) plan.exempt(`inbound ports ${list(settings.excludeInboundPorts)}`)
  if (settings.inboundPorts !== '*') plan.exempt(settings.inboundPorts.length === 0 ? 'inbound TCP' : `all inbound TCP ports but ${list(settings.inboundPorts)}`)
  if (settings.outboundNetworks !== '*') plan.exempt(settings.outboundNetworks.length === 0 ? 'outbound TCP' : `outbound TCP to all but ${settings.outboundNetworks.join(', ')}`)
  if (settings.excludeOutboundNetworks.length > 0) plan.exempt(`destinations ${settings.excludeOutboundNetworks.join(', ')}`)
  if (settings.excludeOutboundPorts.length > 0) plan.exempt(`outbound ports ${list(settings.excludeOutboundPorts)}`)
  if (settings.excludeInterfaces.length > 0) plan.exempt(`interfaces ${settings.excludeInterfaces.join(', ')}`)
}
