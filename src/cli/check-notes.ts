import { plural } from '../base/text.ts'
import type { Health } from '../model/health.ts'

/** What limits the claim of a report: what was not seen, and what was given up. */
export function checkNotes(h: Health, interrupted: boolean): string[] {
  const notes: string[] = []
  const note = (count: number, text: string): void => { if (count > 0) notes.push(text) }
  if (interrupted) notes.push('interrupted: what came later was not looked at')
  note(h.droppedByKernel, `the kernel dropped ${plural(h.droppedByKernel, 'packet')}: connections may be missing`)
  note(h.flowsJoinedLate, `${plural(h.flowsJoinedLate, 'connection')} joined late: ${h.flowsJoinedLate === 1 ? 'its' : 'their'} start was not captured`)
  note(h.gaps, `${plural(h.gaps, 'gap')}: bytes that were sent and not captured`)
  note(h.overlapConflicts, `${plural(h.overlapConflicts, 'segment')} contradicted bytes seen before: the first won`)
  note(h.malformedPackets, `${plural(h.malformedPackets, 'malformed packet')}`)
  note(h.unknownLink, `${plural(h.unknownLink, 'frame')} of a link type that is not decoded`)
  note(h.flowsEvicted, `${plural(h.flowsEvicted, 'connection')} let go early: too many at once`)
  note(h.droppedMessages, `${plural(h.droppedMessages, 'message')} dropped: too many at once`)
  for (const [name, count] of Object.entries(h.limits)) notes.push(`limit reached: ${name}, ${plural(count, 'time')}`)
  for (const { name, why } of h.refused) notes.push(`not entered: ${name}: ${why}`)
  return notes
}
