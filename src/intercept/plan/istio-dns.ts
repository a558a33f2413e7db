import { UDP } from '../netfilter/protocol-number.ts'
import type { Match } from '../netfilter/ruleset.ts'
import { from, network, owner, port, tcp, to, udp } from './conditions.ts'
import { jump, redirect } from './plan-builder.ts'
import type { PlanBuilder } from './plan-builder.ts'
import type { PlannedAction } from './plan.ts'
import type { InterceptSettings } from './settings.ts'

const DNS = [port(53)]
const AGENT_PORT = 15_053
const AGENT = [port(AGENT_PORT)]

function zone(number: number): PlannedAction {
  return { kind: 'zone', zone: number }
}

/**
 * Queries go to the agent. Its own queries and the apps' are kept in conntrack zones of their own: both may use the same four-tuple,
 * and an answer would reach the wrong one.
 */
export function planIstioDns({ dns, resolvers, uids, gids }: InterceptSettings, plan: PlanBuilder): void {
  const asked: Match[][] = dns === 'all' ? [[]] : resolvers.map((text) => [network('destination', text)])
  const answering: Match[][] = dns === 'all' ? [[]] : resolvers.map((text) => [network('source', text)])
  for (const at of asked) {
    plan.add('nat', 'ISTIO_OUTPUT_DNS', [...at, tcp, to(DNS)], redirect(AGENT_PORT))
    plan.add('nat', 'ISTIO_OUTPUT_DNS', [...at, udp, to(DNS, { of: UDP })], redirect(AGENT_PORT))
  }
  plan.add('raw', 'OUTPUT', [], jump('ISTIO_OUTPUT_DNS'))
  for (const who of [...uids.map((id) => owner('uid', id)), ...gids.map((id) => owner('gid', id))]) {
    plan.add('raw', 'ISTIO_OUTPUT_DNS', [udp, to(DNS, { of: UDP }), who], zone(1))
    plan.add('raw', 'ISTIO_OUTPUT_DNS', [udp, from(AGENT, UDP), who], zone(2))
  }
  for (const at of asked) plan.add('raw', 'ISTIO_OUTPUT_DNS', [...at, udp, to(DNS, { of: UDP })], zone(2))
  plan.add('raw', 'PREROUTING', [], jump('ISTIO_INBOUND'))
  for (const at of answering) plan.add('raw', 'ISTIO_INBOUND', [...at, udp, from(DNS, UDP)], zone(1))
}
