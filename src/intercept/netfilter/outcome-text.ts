import type { Outcome } from './outcome.ts'
import { endText } from './packet-text.ts'
import type { Rule } from './ruleset.ts'
import type { Socket } from './world.ts'

/** One line: `arrives at 127.0.0.1:15001, original destination 10.0.0.3:80`, `leaves in the clear by eth0`. */
export function outcomeText(outcome: Outcome): string {
  switch (outcome.kind) {
    case 'arrives': return arrivesText(outcome)
    case 'leaves': return `leaves in the clear by ${outcome.interface}, to ${endText(outcome.address, outcome.port)}`
    case 'dropped': case 'rejected': return `is ${outcome.kind}: ${outcome.why}${ruleText(outcome.by)}`
    case 'unsendable': return `cannot be sent: ${outcome.why}`
    case 'unknown': return `unknown: ${outcome.why}${ruleText(outcome.by)}`
  }
}

function arrivesText(outcome: Extract<Outcome, { kind: 'arrives' }>): string {
  const at = endText(outcome.address, outcome.port)
  const original = endText(outcome.originalAddress, outcome.originalPort)
  const what = outcome.how === 'direct' ? `arrives at ${at}, not intercepted` : `arrives at ${at}${outcome.how === 'tproxy' ? ' (TPROXY)' : ''}, original destination ${original}`
  return `${what}${listenerText(outcome.listener)}`
}

function listenerText(listener: Socket | 'none' | 'unknown'): string {
  if (listener === 'unknown') return ''
  if (listener === 'none') return '; nobody listens there: refused'
  const who = listener.program ?? (listener.pid === undefined ? 'a process' : `pid ${listener.pid}`)
  return `; ${who} listens there, uid ${listener.uid}`
}

export function ruleText(rule: Rule | undefined): string {
  return rule === undefined ? '' : ` (line ${rule.line}: ${rule.text})`
}
