export type Zone = 'UTC' | 'local'

const two = (value: number): string => String(value).padStart(2, '0')

/** `12:03:41.204`. */
export function clockText(micros: number, zone: Zone): string {
  const date = new Date(Math.floor(micros / 1000))
  const millis = String(Math.floor(micros / 1000) % 1000).padStart(3, '0')
  if (zone === 'UTC') return `${two(date.getUTCHours())}:${two(date.getUTCMinutes())}:${two(date.getUTCSeconds())}.${millis}`
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}.${millis}`
}

/** `2026-11-21`. */
export function dayText(micros: number, zone: Zone): string {
  const date = new Date(Math.floor(micros / 1000))
  if (zone === 'UTC') return date.toISOString().slice(0, 10)
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`
}

/** `2026-11-21 12:03:41.204318 UTC`: all that is known. */
export function instantText(micros: number, zone: Zone): string {
  const clock = clockText(micros, zone) + String(micros % 1000).padStart(3, '0')
  return `${dayText(micros, zone)} ${clock} ${zone === 'UTC' ? 'UTC' : offsetText(micros)}`
}

/** `+02:00`: what this browser's clock was ahead of UTC at that instant. */
function offsetText(micros: number): string {
  const minutes = -new Date(micros / 1000).getTimezoneOffset()
  return `${minutes < 0 ? '−' : '+'}${two(Math.floor(Math.abs(minutes) / 60))}:${two(Math.abs(minutes) % 60)}`
}

/** `12:03:41` to `12:08:00` of one day, with the day where there are two. */
export function rangeText(fromMicros: number | undefined, toMicros: number | undefined, zone: Zone): string {
  if (fromMicros === undefined && toMicros === undefined) return 'all time'
  const text = (micros: number): string => {
    const sameDay = fromMicros !== undefined && toMicros !== undefined && dayText(fromMicros, zone) === dayText(toMicros, zone)
    const clock = clockText(micros, zone).slice(0, 8)
    return sameDay ? clock : `${dayText(micros, zone)} ${clock}`
  }
  return `${fromMicros === undefined ? 'start' : text(fromMicros)} – ${toMicros === undefined ? 'now' : text(toMicros)}`
}
