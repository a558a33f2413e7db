export const VIEWS = ['list', 'map', 'check', 'statistics', 'catalog', 'health'] as const
export type View = (typeof VIEWS)[number]

export const TABS = ['request', 'response', 'both', 'stream', 'timing', 'tls', 'packets'] as const
export type Tab = (typeof TABS)[number]

/** What figures are summed up by. */
export const GROUPINGS = ['protocol', 'service', 'path', 'outcome'] as const
export type Grouping = (typeof GROUPINGS)[number]

/** Where the user is, all of it in the address: what is sent to a colleague shows the same there. */
export interface Place {
  readonly view: View
  /** Filter, as written. */
  readonly q: string
  /** Each request once, or each of its hops. */
  readonly hops: 'joined' | 'all'
  /** Id of the selected message. */
  readonly selected: number | undefined
  readonly tab: Tab
  /** Range of time, microseconds since the epoch: from <= at < to. */
  readonly fromMicros: number | undefined
  readonly toMicros: number | undefined
  /** What a view has unfolded or chosen: a service of the catalog, an edge of the check. */
  readonly item: string | undefined
  /** Of statistics. */
  readonly by: Grouping
  /** Ids of two messages that are compared: `12,40`. */
  readonly compare: readonly [number, number] | undefined
}

export const HOME: Place = {
  view: 'list', q: '', hops: 'joined', selected: undefined, tab: 'response', fromMicros: undefined, toMicros: undefined, item: undefined, by: 'service', compare: undefined,
}

/** Reads `?view=…&q=…`; what is not understood is as if it were not there. */
export function parsePlace(search: string): Place {
  const query = new URLSearchParams(search)
  return {
    view: oneOf(VIEWS, query.get('view')) ?? HOME.view,
    q: query.get('q') ?? '',
    hops: oneOf(['joined', 'all'], query.get('hops')) ?? HOME.hops,
    selected: wholeOf(query.get('m')),
    tab: oneOf(TABS, query.get('tab')) ?? HOME.tab,
    fromMicros: wholeOf(query.get('from')),
    toMicros: wholeOf(query.get('to')),
    item: query.get('item') ?? undefined,
    by: oneOf(GROUPINGS, query.get('by')) ?? HOME.by,
    compare: pairOf(query.get('compare')),
  }
}

/** The same place as the query of an address, without what is usual. */
export function placeText(place: Place): string {
  const query = new URLSearchParams()
  if (place.view !== HOME.view) query.set('view', place.view)
  if (place.q !== '') query.set('q', place.q)
  if (place.hops !== HOME.hops) query.set('hops', place.hops)
  if (place.selected !== undefined) query.set('m', String(place.selected))
  if (place.tab !== HOME.tab) query.set('tab', place.tab)
  if (place.fromMicros !== undefined) query.set('from', String(place.fromMicros))
  if (place.toMicros !== undefined) query.set('to', String(place.toMicros))
  if (place.item !== undefined) query.set('item', place.item)
  if (place.by !== HOME.by) query.set('by', place.by)
  if (place.compare !== undefined) query.set('compare', place.compare.join(','))
  const text = query.toString()
  return text === '' ? '' : `?${text}`
}

function oneOf<T extends string>(words: readonly T[], text: string | null): T | undefined {
  return words.find((word) => word === text)
}

function wholeOf(text: string | null): number | undefined {
  return text !== null && /^\d{1,16}$/.test(text) ? Number(text) : undefined
}

function pairOf(text: string | null): [number, number] | undefined {
  const [a, b] = (text ?? '').split(',').map(wholeOf)
  return a === undefined || b === undefined ? undefined : [a, b]
}
