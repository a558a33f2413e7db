import type { Walk } from '../netfilter/outcome.ts'
import { outcomeText } from '../netfilter/outcome-text.ts'
import { packetText } from '../netfilter/packet-text.ts'
import type { Packet } from '../netfilter/packet.ts'

const SIGNS = { yes: '✓', no: '·', unknown: '?' } as const

/** The way of one packet, a line for each hook, chain and rule, and where it ends. */
export function walkText(packet: Packet, walk: Walk): string {
  const lines = [packetText(packet)]
  for (const entry of walk.trace) {
    if (entry.kind === 'hook') lines.push('', entry.text)
    else if (entry.kind === 'rule') lines.push(`  ${'  '.repeat(entry.depth + 1)}${SIGNS[entry.matched]} ${entry.rule.line}: ${entry.rule.text}${entry.why === '' ? '' : `   [${entry.why}]`}`)
    else lines.push(`  ${'  '.repeat(entry.depth)}${entry.kind === 'chain' ? `chain ${entry.text}` : entry.text}`)
  }
  if (walk.untraced > 0) lines.push(`… ${walk.untraced} more steps are not shown`)
  return `${[...lines, '', `→ ${outcomeText(walk.outcome)}`].join('\n')}\n`
}
