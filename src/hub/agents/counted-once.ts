import type { PartAnswers } from '../../store/search-part.ts'
import type { JoinedEnds } from '../../store/joined-ends.ts'
import type { Counted, Selection } from '../../store/store.ts'
import type { StorePart } from './agent-api.ts'
import { EndJoin } from './end-join.ts'
import { askEach } from './parts-lost.ts'

/** Of all stores together: blocks of ends, some 150 bytes each, and ends that are told one by one, 200. */
const MAX_BLOCKS = 100_000
const MAX_ENDS = 50_000

type Ends = PartAnswers['ends']
interface Told { readonly join: EndJoin, readonly ends: ReadonlyMap<StorePart, JoinedEnds>, readonly lost: ReadonlyMap<StorePart, Error> }
export interface CountedParts<T> { readonly found: readonly { readonly part: StorePart, readonly answer: Counted<T> }[], readonly twice?: number }

/**
 * Has several stores count. With a selection a request between two of them counts once: each store is told before which ends of requests another one counts. Where one is lost on the way
 * the others count anew, what they left to it, too. Rejects with FilterError.
 */
export async function countOnce<T>(parts: readonly StorePart[], selection: Selection | undefined, count: (part: StorePart, ends: JoinedEnds | undefined) => Promise<Counted<T>>, onLost: (part: StorePart, error: Error) => void): Promise<CountedParts<T>> {
  const told = selection && await tellEnds(parts.filter(({ crossings }) => crossings), selection)
  const isWhole = told === undefined || told.lost.size === 0
  const { answers, lost } = isWhole ? await askEach(parts, (part) => count(part, told?.ends.get(part))) : { answers: [], lost: told.lost }
  for (const [part, error] of lost) onLost(part, error)
  if (told !== undefined && lost.size > 0) return await countOnce(parts.filter((part) => !lost.has(part)), selection, count, onLost)
  const twice = told?.join.twice ?? 0
  return { found: answers.flatMap((answer, at) => answer === undefined ? [] : [{ part: parts[at]!, answer }]), ...(twice > 0 && { twice }) }
}

async function tellEnds(parts: readonly StorePart[], selection: Selection): Promise<Told | undefined> {
  if (parts.length < 2) return undefined
  const { answers, lost } = await askEach(parts, (part) => part.part(selection, { kind: 'ends', limit: Math.ceil(MAX_BLOCKS / parts.length) }))
  const told = answers as readonly Ends[]
  const join = new EndJoin(lost.size > 0 ? [] : told)
  if (lost.size > 0) return { join, ends: new Map(), lost }
  const unclear = join.takeBlocks(MAX_ENDS)
  const details = await askEach(parts, async (part, at) => unclear[at]!.length === 0 ? undefined : await part.part(selection, { kind: 'ends', limit: MAX_ENDS, blocks: unclear[at]!, within: told[at]!.within }))
  join.takeEnds(details.answers)
  return { join, ends: new Map(parts.map((part, at) => [part, { within: told[at]!.within, ...join.ends(at) }])), lost: details.lost }
}
