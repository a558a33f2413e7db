import { hex } from '../netfilter/match-reason.ts'
import type { Outcome } from '../netfilter/outcome.ts'
import { outcomeText } from '../netfilter/outcome-text.ts'
import { endText, packetText } from '../netfilter/packet-text.ts'
import { UDP } from '../netfilter/protocol-number.ts'
import { proxyIds, findExempt } from './identity-holes.ts'
import { openApps, readBaseline } from './coverage-holes.ts'
import { proxyMark } from './exempt-mark.ts'
import { collectMentions } from './mentions.ts'
import { isOpen, Probe } from './probe.ts'
import type { Tried } from './probe.ts'
import type { Subject } from './subject.ts'

/** One of the ways in and out, by a packet that goes it. */
export interface WayLine { readonly direction: 'in' | 'out', readonly who: string, readonly packet: string, readonly ends: string, /** `own`: of the proxy itself, which has to get out. */ readonly verdict: 'proxy' | 'own' | 'clear' | 'stopped' | 'unknown' }

/** What happens to the usual traffic of a pod, in both directions. */
export function describeWays(subject: Subject): WayLine[] {
  const probe = new Probe(subject, collectMentions(subject.netfilter.tables))
  const exempt = findExempt(probe, readBaseline(probe))
  const ids = [...proxyIds(probe, exempt)]
  // Where no id is let pass, a mark tells the packets of a proxy that is there.
  const mark = ids.length === 0 || ids.some((id) => exempt.uids.has(id) || exempt.gids.has(id)) ? undefined : proxyMark(probe, exempt)
  const lines: WayLine[] = []
  const add = (direction: 'in' | 'out', who: string, tried: Tried | undefined): void => {
    if (tried !== undefined) lines.push({ direction, who, packet: packetText(tried.packet), ends: outcomeText(tried.outcome), verdict: verdictOf(tried.outcome) })
  }
  const addProxy = (who: string, tried: Tried | undefined): void => {
    if (tried?.outcome.kind !== 'leaves') return add('out', who, tried)
    const { interface: name, address, port } = tried.outcome
    lines.push({ direction: 'out', who, packet: packetText(tried.packet), ends: `leaves by ${name}, to ${endText(address, port)}, as the proxy sends it`, verdict: 'own' })
  }
  for (const version of subject.versions) {
    const family = version === 4 ? '' : ', IPv6'
    const received = probe.receive(version)
    add('in', `a client${family}`, isOpen(received) ? openApps(probe, version)?.[0]?.tried ?? received : received)
    add('in', `a client, UDP${family}`, probe.receive(version, { protocol: UDP }))
    add('out', `an app${family}`, probe.send(version))
    add('out', `an app, UDP${family}`, probe.send(version, { protocol: UDP }))
    if (mark !== undefined) addProxy(`the proxy (mark ${hex(mark)})${family}`, probe.send(version, { uid: ids[0], gid: ids[0], mark }))
    else for (const id of ids) addProxy(`the proxy (${id})${family}`, probe.send(version, { uid: id, gid: id }))
  }
  return lines
}

function verdictOf(outcome: Outcome): WayLine['verdict'] {
  if (outcome.kind === 'unknown') return 'unknown'
  if (outcome.kind === 'leaves') return 'clear'
  if (outcome.kind === 'arrives') return outcome.how === 'direct' ? 'clear' : 'proxy'
  return 'stopped'
}
