import type { JSX } from 'react'
import { countText } from '../model/units.ts'

/** Of a hub that merges agents: how far a count may be too high. */
export function CountedTwice({ twice }: { twice: number | undefined }): JSX.Element | null {
  if (twice === undefined) return null
  return <span className="tone-amber" title="Each node has seen one end of them, and nothing tells for certain which two ends are of one request: in the list, a message says why.">at most {countText(twice)} {twice === 1 ? 'request between two nodes is' : 'requests between two nodes are'} counted at both</span>
}
