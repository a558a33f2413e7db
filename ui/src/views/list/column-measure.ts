/** Beside the text of a cell: its fraction of a pixel, and the sign of an incomplete message. */
const SPARE_PX = 3
const SIGN_GAP_PX = 6

/** How wide each column is in the page now, by its key. */
export function shownWidths(): Map<string, number> {
  return new Map(headCells().map((cell) => [cell.dataset.key!, cell.getBoundingClientRect().width]))
}

/** What the widest of the rows in sight needs, and the title. */
export function contentWidthPx(key: string): number {
  const head = headCells().filter((cell) => cell.dataset.key === key)
  const cells = [...head, ...document.querySelectorAll<HTMLElement>(`.list-rows .cell-${key}`)]
  return Math.ceil(Math.max(0, ...cells.map(neededPx))) + SPARE_PX
}

function headCells(): HTMLElement[] {
  return [...document.querySelectorAll<HTMLElement>('.list-head [role=columnheader]')]
}

function neededPx(cell: HTMLElement): number {
  const parts = [...cell.children].filter((part) => part.matches('.cut, .verdict, .incomplete-sign'))
  return parts.reduce((sum, part) => sum + (part.matches('.cut') ? part.scrollWidth : part.getBoundingClientRect().width), 0) + SIGN_GAP_PX * Math.max(0, parts.length - 1)
}
