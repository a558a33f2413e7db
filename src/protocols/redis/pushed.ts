/** `message`, `subscribe`, `invalidate`: the first word of what the server says unasked; undefined where there is none. */
export function pushWord(text: string): string | undefined {
  const line = text.indexOf('\r\n')
  const next = text.indexOf('\r\n', line + 2)
  if (line < 0 || next < 0) return undefined
  const type = text[line + 2]
  if (type === '+') return text.slice(line + 3, next)
  if (type !== '$') return undefined
  const size = Number(text.slice(line + 3, next))
  return size > 0 && size < 32 ? text.slice(next + 2, next + 2 + size).toLowerCase() : undefined
}

export function isPublished(word: string | undefined): boolean {
  return word === 'message' || word === 'pmessage' || word === 'smessage'
}

/** Of a SUBSCRIBE or UNSUBSCRIBE of any kind. */
export function isConfirmation(word: string | undefined): boolean {
  return word !== undefined && /^[ps]?(?:un)?subscribe$/.test(word)
}

/** `+1339518083.107412 [0 127.0.0.1:60866] "keys" "*"` */
export function isMonitorLine(text: string): boolean {
  return /^\+\d{9,12}\.\d{6} \[\d/.test(text)
}
