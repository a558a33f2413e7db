import type { Place, View } from '../model/place.ts'
import { parsePlace, placeText } from '../model/place.ts'
import type { Cell } from './cell.ts'
import { createCell } from './cell.ts'

/** Where the user is. Change it with go() and adjust(), so that the address follows. */
export const place: Cell<Place> = createCell(parsePlace(location.search))

window.addEventListener('popstate', () => place.set(parsePlace(location.search)))

/** A step that "back" takes back. */
export function go(change: Partial<Place>): void {
  move(change, 'pushState')
}

/** A step too small for the history: the next row, another tab. */
export function adjust(change: Partial<Place>): void {
  move(change, 'replaceState')
}

export function goToView(view: View): void {
  go({ view, item: undefined, compare: undefined })
}

/** The address of the viewer with `change` made: for links. */
export function addressOf(change: Partial<Place>): string {
  return `${location.pathname}${placeText({ ...place.get(), ...change })}`
}

function move(change: Partial<Place>, how: 'pushState' | 'replaceState'): void {
  const next = { ...place.get(), ...change }
  const text = placeText(next)
  if (text !== placeText(place.get())) history[how](null, '', `${location.pathname}${text}`)
  place.set(next)
}
