import { MAX_EVENTS } from './limits.ts'

/** One event of a text/event-stream (HTML Living Standard §9.2). What the stream does not say is undefined. */
export interface ServerEvent {
  event: string | undefined
  data: string
  id: string | undefined
  retryMillis: number | undefined
}

export interface ServerEvents { readonly events: ServerEvent[], readonly isCut: boolean }

/** At most MAX_EVENTS. Comments are left out. An event at the end without its empty line is listed too. */
export function parseServerEvents(text: string): ServerEvents {
  const events: ServerEvent[] = []
  let fields: string[] = []
  for (const line of text.split(/\r\n|\n|\r/)) {
    if (line !== '') {
      if (!line.startsWith(':')) fields.push(line)
      continue
    }
    if (fields.length === 0) continue
    if (events.length === MAX_EVENTS) return { events, isCut: true }
    events.push(eventOf(fields))
    fields = []
  }
  if (fields.length > 0) {
    if (events.length === MAX_EVENTS) return { events, isCut: true }
    events.push(eventOf(fields))
  }
  return { events, isCut: false }
}

function eventOf(fields: readonly string[]): ServerEvent {
  const event: ServerEvent = { event: undefined, data: '', id: undefined, retryMillis: undefined }
  const data: string[] = []
  for (const field of fields) {
    const colon = field.indexOf(':')
    const name = colon < 0 ? field : field.slice(0, colon)
    const value = colon < 0 ? '' : field.slice(field[colon + 1] === ' ' ? colon + 2 : colon + 1)
    if (name === 'data') data.push(value)
    else if (name === 'event') event.event = value
    else if (name === 'id') event.id = value
    else if (name === 'retry' && /^\d{1,15}$/.test(value)) event.retryMillis = Number(value)
  }
  event.data = data.join('\n')
  return event
}
