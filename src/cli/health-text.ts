import { countText, plural } from '../base/text.ts'
import type { Health } from '../model/health.ts'

/** What the numbers say, for standard error: one line always, further ones only where something needs saying. */
export function healthLines(h: Health, written: { messages: number, framesWritten: number }): string[] {
  const first = [
    plural(h.packets, 'packet'), `${countText(h.droppedByKernel)} dropped`,
    plural(written.messages, 'message'), plural(h.flows, 'connection'),
  ]
  if (written.framesWritten > 0) first.push(`${plural(written.framesWritten, 'frame')} written`)
  if (h.namespaces.length > 0) first.push(plural(h.namespaces.length, 'namespace'))
  return [first.join(' · '), ...troubles(h)]
}

function troubles(h: Health): string[] {
  const lines: string[] = []
  const note = (count: number, text: string): void => { if (count > 0) lines.push(text) }
  note(h.droppedByKernel, `the kernel dropped ${plural(h.droppedByKernel, 'packet')}: narrow the filter, or use more --workers`)
  note(h.flowsJoinedLate, `${plural(h.flowsJoinedLate, 'connection')} joined late: ${h.flowsJoinedLate === 1 ? 'its' : 'their'} start was not captured`)
  note(h.gaps, `${sizeText(h.bytesLost)} of stream never captured, in ${plural(h.gaps, 'gap')}`)
  note(h.overlapConflicts, `${plural(h.overlapConflicts, 'segment')} contradicted bytes seen before (the first won)`)
  note(h.malformedPackets, `${plural(h.malformedPackets, 'packet')} malformed`)
  note(h.malformedBytes, `${plural(h.malformedBytes, 'time')} a peer broke its protocol`)
  note(h.unknownLink, `${plural(h.unknownLink, 'frame')} of a link type that is not decoded`)
  note(h.fragmentsExpired, `${plural(h.fragmentsExpired, 'fragment')} whose rest never came`)
  note(h.droppedBodies, `details of ${plural(h.droppedBodies, 'message')} dropped: the reader of the output is too slow`)
  note(h.droppedMessages, `${plural(h.droppedMessages, 'message')} dropped: the reader of the output is too slow`)
  note(h.flowsEvicted, `${plural(h.flowsEvicted, 'connection')} let go early: too many at once`)
  for (const [name, count] of Object.entries(h.limits)) lines.push(`limit reached: ${name}, ${plural(count, 'time')}`)
  for (const r of h.refused) lines.push(`not entered: ${r.name}: ${r.why}`)
  return lines
}

/** `1.2 MB`, in powers of 1000. */
export function sizeText(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`
  const units = ['kB', 'MB', 'GB', 'TB']
  let value = bytes / 1000
  let unit = 0
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000
    unit++
  }
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ${units[unit]}`
}
