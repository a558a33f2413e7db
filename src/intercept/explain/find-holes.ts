import { MAX_SEARCH_STEPS } from '../netfilter/limits.ts'
import { countRules } from '../netfilter/ruleset.ts'
import { coverageHoles, readBaseline, udpHoles } from './coverage-holes.ts'
import { exemptionHoles } from './exemption-holes.ts'
import { bySeverity } from './hole.ts'
import type { HoleReport } from './hole.ts'
import { findExempt, identityHoles } from './identity-holes.ts'
import { hygieneHoles, privilegeHoles } from './machine-holes.ts'
import { collectMentions, MAX_MENTIONS } from './mentions.ts'
import { isCaptured, Probe } from './probe.ts'
import { listenerHoles, localhostNotes, olderFlows } from './proxy-holes.ts'
import type { Subject } from './subject.ts'

/**
 * Every way around the proxy, as far as one packet shows it: each value that a rule compares with is tried, and what is open is a hole with the packet
 * that goes through. `maxSteps`: rules that all packets together may meet. What the model does not know is in `unknown`, what could not be looked at in `unchecked`: never among the holes and never left out.
 */
export function findHoles(subject: Subject, maxSteps = MAX_SEARCH_STEPS): HoleReport {
  const mentions = collectMentions(subject.netfilter.tables)
  const probe = new Probe(subject, mentions, maxSteps)
  const baseline = readBaseline(probe)
  const exempt = findExempt(probe, baseline)
  const udp = udpHoles(probe, baseline)
  const exemptions = exemptionHoles(probe, baseline)
  const listeners = listenerHoles(probe, baseline, exempt)
  const hygiene = hygieneHoles(probe)
  const isIntercepting = [...baseline.send.values(), ...baseline.receive.values()].some(isCaptured)
  const holes = [
    ...coverageHoles(probe, baseline), ...identityHoles(probe, baseline, exempt), ...exemptions.holes, ...udp.holes, ...listeners.holes,
    ...olderFlows(probe, baseline), ...privilegeHoles(probe), ...hygiene.holes,
  ]
  const notes = [...exemptions.notes, ...udp.notes, ...listeners.notes, ...localhostNotes(probe, baseline), ...hygiene.notes]
  if (isIntercepting) notes.push('interception is not mTLS: whether the wire is encrypted only the wire shows (mtlscope tap)')
  return { holes: bySeverity(holes), notes, unchecked: unchecked(probe), unknown: unknown(probe) }
}

function unknown(probe: Probe): string[] {
  const texts = [...probe.unknowns.values()]
  if (probe.exhausted) texts.push(`more than ${probe.maxSteps} rules were met, all packets together: what comes after was not tried`)
  if (probe.mentions.cut) texts.push(`more than ${MAX_MENTIONS} values of one kind are in ${countRules(probe.subject.netfilter.tables)} rules: those beyond were not tried`)
  return texts
}

function unchecked(probe: Probe): string[] {
  const { subject } = probe
  const texts: string[] = []
  for (const version of [4, 6] as const) if (!subject.versions.includes(version)) texts.push(`IPv${version}: ${subject.live === undefined ? 'its rules were not given' : `the namespace has no address of it${version === 6 ? ' but link-local ones' : ''}`}`)
  if (subject.live === undefined) texts.push('processes, listeners and capabilities: no namespace was given (--pid, --netns)')
  return texts
}
