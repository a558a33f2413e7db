import { countText } from '../base/text.ts'
import type { Health } from '../model/health.ts'

/** What limits the claim of a report: what was not seen, and what was given up. */
export function checkNotes(h: Health, interrupted: boolean): string[] {
  const notes: string[] = []
  const note = (count: number, text: string): void => { if (count > 0) notes.push(text) }
  if (interrupted) notes.push('interrupted: what came later was not looked at')
  note(h.droppedByKernel, `the kernel dropped ${countText(h.droppedByKernel)} packets: connections may be missing`)
  note(h.flowsJoinedLate, `${countText(h.flowsJoinedLate)} connections joined late: their start was not captured`)
  note(h.gaps, `${countText(h.gaps)} gaps: bytes that were sent and not captured`)
  note(h.overlapConflicts, `${countText(h.overlapConflicts)} segments contradicted bytes seen before: the first won`)
  note(h.malformedPackets, `${countText(h.malformedPackets)} malformed packets`)
  note(h.unknownLink, `${countText(h.unknownLink)} frames of a link type that is not decoded`)
  note(h.flowsEvicted, `${countText(h.flowsEvicted)} connections let go early: too many at once`)
  note(h.droppedMessages, `${countText(h.droppedMessages)} messages dropped: too many at once`)
  for (const [name, count] of Object.entries(h.limits)) notes.push(`limit reached: ${name}, ${countText(count)} times`)
  for (const { name, why } of h.refused) notes.push(`not entered: ${name}: ${why}`)
  return notes
}
