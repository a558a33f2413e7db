import { readBaseline } from './coverage-holes.ts'
import { findExempt } from './identity-holes.ts'
import type { Exempt } from './identity-holes.ts'
import { collectMentions } from './mentions.ts'
import { Probe } from './probe.ts'
import type { Subject } from './subject.ts'

/**
 * The mark by which the rules let the connections of the proxy pass. Undefined where its user is enough, and where no mark is let pass: an ordinary
 * connection is redirected, and one with this mark leaves.
 */
export function findExemptMark(subject: Subject): number | undefined {
  const probe = new Probe(subject, collectMentions(subject.netfilter.tables))
  return proxyMark(probe, findExempt(probe, readBaseline(probe)))
}

/** The same, of what was tried already. */
export function proxyMark({ subject }: Probe, { uids, marks }: Exempt): number | undefined {
  const proxies = subject.live?.processes.filter(({ isProxy }) => isProxy) ?? []
  if (proxies.some(({ uid }) => uids.has(uid))) return undefined
  const usual = subject.mesh?.proxyMarks ?? []
  return usual.find((mark) => marks.has(mark)) ?? marks.keys().next().value
}
