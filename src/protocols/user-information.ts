/** `://`, its slashes escaped as in JSON or not, or all of it percent-encoded. */
const BEGINS = /:(?:\\*\/){2}|%3a%2f%2f/gi
/** Before it stands a scheme. */
const OF_SCHEME = /[a-z\d+.-]/i
/** Longer ones are searched by the runtime. */
const SHORT_BYTES = 256
const SPACE = 0x20
const QUOTE = 0x22
const HASH = 0x23
const PERCENT = 0x25
const AMPERSAND = 0x26
const APOSTROPHE = 0x27
const SLASH = 0x2f
const LESS = 0x3c
const GREATER = 0x3e
const QUESTION = 0x3f
const AT = 0x40
const BACKSLASH = 0x5c
const LOWER_U = 0x75

/** False: withoutUserInformation gives back what it gets. */
export function mayHoldUserInformation(text: string): boolean {
  // There are fewer slashes than colons in most texts.
  return text.includes('//') || text.includes('\\/') || text.includes('%40')
}

/** The same of buf[from, to). */
export function mayHoldUserInformationIn(buf: Uint8Array, from: number, to: number): boolean {
  if (to - from > SHORT_BYTES) {
    const part = buf.subarray(from, to)
    return part.includes(SLASH) || part.includes(PERCENT)
  }
  for (let at = from; at < to; at++) {
    const code = buf[at]!
    if (code === PERCENT || (code === SLASH && at > from && (buf[at - 1] === SLASH || buf[at - 1] === BACKSLASH))) return true
  }
  return false
}

/**
 * A text with the user information of each URL in it replaced (RFC 3986 §3.2.1): `mongodb://user:password@host`, in JSON and percent-encoded, too. Passwords with
 * characters that should have been encoded count, and what is cut off before its `@` where no port can be meant. Takes time in proportion to the length.
 */
export function withoutUserInformation(text: string, replacement: string): string {
  if (!mayHoldUserInformation(text)) return text
  let shown = ''
  let shownTo = 0
  BEGINS.lastIndex = text.includes('@') || text.includes('%40') ? 0 : lastAuthority(text)
  for (let begin = BEGINS.exec(text); begin !== null; begin = BEGINS.exec(text)) {
    const from = BEGINS.lastIndex
    if (begin.index === 0 || !OF_SCHEME.test(text[begin.index - 1]!)) continue
    const to = endOfUser(text, from, begin[0].startsWith('%'))
    if (to <= from) continue
    shown += text.slice(shownTo, from) + replacement
    shownTo = BEGINS.lastIndex = to
  }
  return shownTo === 0 ? text : shown + text.slice(shownTo)
}

/** Where the `://` begins behind which there is no other slash: without an `@` only what is cut off at the end can be user information. */
function lastAuthority(text: string): number {
  let at = text.lastIndexOf('/')
  while (at > 0 && (text.charCodeAt(at) === SLASH || text.charCodeAt(at) === BACKSLASH)) at--
  return Math.max(0, at)
}

/** Offset of the last `@` of the user information that begins at `from`, or of the end of the text where it is cut off; -1 where there is none. */
function endOfUser(text: string, from: number, isEncoded: boolean): number {
  let last = -1
  let isBeyond = false
  let wasSlash = false
  let at = from
  for (; at < text.length; at++) {
    const kind = isEncoded ? encodedKind(text, at) : kindOf(text, at)
    // Of two slashes the next URL may begin.
    if (kind === END || (kind === SLASHES && wasSlash)) return last
    if (kind === USER) last = at
    if (isBeyond && last >= 0) return last
    if (!isBeyond && (kind === SLASHES || kind === DELIMITER)) {
      // A path follows, but where a password has such a character as it is.
      isBeyond = true
      if (last >= 0 || !hasPassword(text.slice(from, at), isEncoded)) return last
    }
    if (kind === ESCAPE) at++
    else if (kind !== NOTHING) wasSlash = kind === SLASHES
    if (isEncoded && kind !== OTHER && text.charCodeAt(at) === PERCENT) at += 2
  }
  return last < 0 && !isBeyond && hasPassword(text.slice(from), isEncoded) ? text.length : last
}

const OTHER = 0
const USER = 1
const SLASHES = 2
const DELIMITER = 3
/** What stands in no URL. */
const END = 4
/** A backslash that goes with what follows. */
const ESCAPE = 5
/** A backslash before a slash. */
const NOTHING = 6

function kindOf(text: string, at: number): number {
  const code = text.charCodeAt(at)
  if (code === AT) return USER
  if (code === SLASH) return SLASHES
  if (code === QUESTION || code === HASH) return DELIMITER
  if (code === BACKSLASH) return backslashKind(text.charCodeAt(at + 1))
  return code <= SPACE || code === QUOTE || code === APOSTROPHE || code === LESS || code === GREATER ? END : OTHER
}

/** In JSON it may stand for itself or begin what is not in a URL. */
function backslashKind(next: number): number {
  if (next === SLASH) return NOTHING
  return next === BACKSLASH || next === LOWER_U ? ESCAPE : END
}

function encodedKind(text: string, at: number): number {
  const code = text.charCodeAt(at)
  if (code === AMPERSAND) return END
  if (code !== PERCENT) return kindOf(text, at)
  return ENCODED_KINDS[text.slice(at + 1, at + 3).toLowerCase()] ?? OTHER
}

const ENCODED_KINDS: Readonly<Record<string, number>> = { '40': USER, '2f': SLASHES, '3f': DELIMITER, '23': DELIMITER, '20': END, '22': END, '27': END, '26': END }

/** Hosts with ports or without: of these colons say nothing. */
const HOSTS = /^[^:,]*(?::\d*)?(?:,[^:,]*(?::\d*)?)*$/

/** Whether there is a colon, and behind it something that is no port. */
function hasPassword(authority: string, isEncoded: boolean): boolean {
  const plain = isEncoded ? authority.replaceAll(/%3a/gi, ':') : authority
  return plain.includes(':') && !HOSTS.test(plain.startsWith('[') ? plain.slice(plain.indexOf(']') + 1) : plain)
}
