const GROUPED = new Intl.NumberFormat('en-US')

/** `12 408`: groups of three, a narrow no-break space between, so that nobody takes it for a point. */
export function countText(count: number): string {
  return GROUPED.format(count).replaceAll(',', '\u202f')
}

/** `1 error`, `12 errors`. */
export function nounText(count: number, noun: string): string {
  return `${countText(count)} ${noun}${count === 1 ? '' : 's'}`
}

/** `1.9 ms`, `340 µs`, `2.4 s`, `3 min 4 s`. */
export function durationText(micros: number): string {
  if (micros < 1000) return `${Math.round(micros)}\u202fµs`
  if (micros < 1_000_000) return `${digits(micros / 1000)}\u202fms`
  if (micros < 60_000_000) return `${digits(micros / 1_000_000)}\u202fs`
  const seconds = Math.round(micros / 1_000_000)
  if (seconds < 3600) return `${Math.floor(seconds / 60)}\u202fmin ${seconds % 60}\u202fs`
  return `${Math.floor(seconds / 3600)}\u202fh ${Math.floor((seconds % 3600) / 60)}\u202fmin`
}

/** `212 MiB`. */
export function sizeText(bytes: number): string {
  if (bytes < 1024) return `${bytes}\u202fB`
  const units = ['KiB', 'MiB', 'GiB', 'TiB']
  let value = bytes / 1024
  let unit = 0
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1024
    unit++
  }
  return `${digits(value)}\u202f${units[unit]}`
}

/** `4.2/s`. */
export function rateText(perSecond: number): string {
  return `${perSecond === 0 ? '0' : perSecond < 0.1 ? perSecond.toPrecision(1) : digits(perSecond)}/s`
}

export function shareText(share: number): string {
  return `${share > 0 && share < 0.001 ? '<0.1' : (share * 100).toFixed(1).replace(/\.0$/, '')}\u202f%`
}

/** Three digits that say something. */
function digits(value: number): string {
  return value >= 100 ? countText(Math.round(value)) : value >= 10 ? value.toFixed(1).replace(/\.0$/, '') : value.toFixed(2).replace(/\.?0+$/, '')
}
