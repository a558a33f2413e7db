import type { FastifyInstance } from 'fastify'
import type { CompareAnswer } from '../model/api.ts'
import { compareOperations } from '../store/compare.ts'
import { OTHERS } from '../store/series-counts.ts'
import type { GroupCounts, Selection } from '../store/store.ts'
import type { Hub } from './hub.ts'
import { badRequest } from './problem.ts'
import type { Query } from './query.ts'
import { selectionOf } from './query.ts'

const MAX_OPERATIONS = 2000

export function addCompareRoutes(app: FastifyInstance, hub: Hub): void {
  app.get<{ Querystring: Query }>('/compare', async ({ query }): Promise<CompareAnswer> => {
    const { here, other } = sidesOf(hub, query)
    const [now, before] = [await operationsOf(hub, here.selection), await operationsOf(hub, other.selection)]
    return { here: here.name, other: other.name, entries: compareOperations(now, before) }
  })
}

interface Side { readonly name: string, readonly selection: Selection }

/** Two files of several, two filters, or two ranges of time. What is not said of the other file is as of this one. */
function sidesOf(hub: Hub, query: Query): { here: Side, other: Side } {
  const { file } = query
  const [here, other] = [selectionOf(query), selectionOf(query, 'other')]
  if (file === undefined) {
    if (query.otherQ === undefined && query.otherFrom === undefined && query.otherTo === undefined) throw badRequest('there is nothing to compare with', 'name a file, or otherQ, otherFrom, otherTo')
    return { here: { name: wordsOf(here), selection: here }, other: { name: wordsOf(other), selection: other } }
  }
  const index = hub.files.findIndex((known) => known.name === file)
  if (index < 0) throw badRequest(`${file} is none of the files that were opened`, `mtlscope view ${hub.files[0]?.name ?? 'A'} B`)
  const rest = hub.files.filter((_, i) => i !== index).map((known) => known.name).join(', ')
  const ofFile = `conn_id.startsWith("${index + 1}.")`
  const there = { ...here, ...other }
  return {
    here: { name: withFilter(rest, here), selection: narrowed(here, `!(${ofFile})`) },
    other: { name: withFilter(file, there), selection: narrowed(there, ofFile) },
  }
}

function withFilter(name: string, { q }: Selection): string {
  return q === undefined ? name : `${name}, ${q}`
}

function narrowed(selection: Selection, q: string): Selection {
  return { ...selection, q: selection.q === undefined ? q : `(${selection.q}) && ${q}` }
}

function wordsOf({ q, from, to }: Selection): string {
  const time = (micros: number | undefined): string => micros === undefined ? '' : new Date(micros / 1000).toISOString()
  return [q ?? 'everything', ...(from === undefined && to === undefined ? [] : [`${time(from)} to ${time(to)}`])].join(', ')
}

async function operationsOf(hub: Hub, selection: Selection): Promise<readonly GroupCounts[]> {
  const { value } = await hub.store.series({ ...selection, by: 'operation', points: 1, groups: MAX_OPERATIONS })
  return value.groups.filter((group) => group.name !== OTHERS)
}
