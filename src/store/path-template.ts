const MAX_SEGMENTS = 20
const NUMBER = /^\d+$/
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i
const HEX = /^(?=.*\d)[0-9a-f]{8,}$/i
/** Long, and with digits and letters in it: a token, a hash, an id of some maker. */
const TOKEN = /^(?=.*\d)(?=.*[A-Za-z])[\w~.-]{16,}$/
const MIXED_ID = /^[A-Za-z]{1,10}[-_]?\d+$/
const DATE = /^\d{4}-\d{2}-\d{2}$/

/** Kinds of segments that are values and not names. */
export function segmentKind(segment: string): 'integer' | 'uuid' | 'date' | 'string' | undefined {
  if (NUMBER.test(segment)) return 'integer'
  if (UUID.test(segment)) return 'uuid'
  if (DATE.test(segment)) return 'date'
  return HEX.test(segment) || TOKEN.test(segment) || (MIXED_ID.test(segment) && !/^v\d+$/i.test(segment)) ? 'string' : undefined
}

/** `/cart/{id}/items` of `/cart/4711/items?x=1`. Segments that look like values become `{id}`. */
export function pathTemplate(target: string): string {
  const end = target.search(/[?#]/)
  const path = end < 0 ? target : target.slice(0, end)
  if (!path.startsWith('/')) return path
  return path.split('/').slice(0, MAX_SEGMENTS).map((segment) => segmentKind(segment) === undefined ? segment : '{id}').join('/')
}
