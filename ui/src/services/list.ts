import type { FilterProblem, MessageRow } from '../../../src/model/api.ts'
import { capture } from './capture.ts'
import type { Cell } from './cell.ts'
import { createCell } from './cell.ts'
import { openLive, reconnections } from './live.ts'
import { MessageWindow } from './message-window.ts'
import { adjust, place } from './navigation.ts'

/** The rows of the filter in the address. */
export const rows: Cell<MessageWindow> = createCell(windowOf())
/** The list keeps its end in sight while messages come. */
export const isFollowing: Cell<boolean> = createCell(false)
/** Position of the row that the keys move; its message is in the address. */
export const cursor: Cell<number | undefined> = createCell<number | undefined>(undefined)
/** Where the filter in the address is wrong. */
export const filterProblem: Cell<FilterProblem | undefined> = createCell<FilterProblem | undefined>(undefined)
/** Messages that were marked, to be exported or compared. */
export const marks: Cell<ReadonlySet<number>> = createCell<ReadonlySet<number>>(new Set())

let closeLive = (): void => undefined
/** Position whose message shall be selected once its row is here. */
let pending: number | undefined

function windowOf(): MessageWindow {
  const { q, hops, fromMicros, toMicros } = place.get()
  return new MessageWindow({ q, hops, from: fromMicros, to: toMicros })
}

/** Opens the list of the address, and another one whenever its filter or range changes. */
export function watchList(): void {
  open(rows.get())
  place.subscribe(() => {
    const { q, hops, fromMicros, toMicros } = place.get()
    const { query } = rows.get()
    if (q !== query.q || hops !== query.hops || fromMicros !== query.from || toMicros !== query.to) reopen()
    else followSelection()
  })
  reconnections.subscribe(() => rows.get().refresh())
  capture.subscribe(followLiveTraffic)
}

function reopen(): void {
  rows.get().close()
  const next = windowOf()
  rows.set(next)
  open(next)
}

function open(window: MessageWindow): void {
  closeLive()
  filterProblem.set(undefined)
  cursor.set(undefined)
  pending = undefined
  const { selected } = place.get()
  void window.open(selected).then((position) => {
    if (rows.get() !== window || position === undefined) return
    isFollowing.set(false)
    cursor.set(position)
  })
  window.state.subscribe(() => {
    filterProblem.set(window.state.get().failure?.problem)
    settleCursor(window)
  })
  closeLive = openLive(window.query, {
    rows: (event) => window.append(event),
    // They are in the list all the same: it is asked for where it ends now.
    skipped: () => window.refresh(),
    problem: (problem) => filterProblem.set(problem),
    ended: () => window.refresh(),
  })
}

/** Live traffic is followed at its end; a file is read from its beginning. */
let hasLooked = false
function followLiveTraffic(): void {
  if (hasLooked || capture.get() === undefined) return
  hasLooked = true
  if (capture.get()?.kind === 'live' && place.get().selected === undefined) isFollowing.set(true)
}

/** Selects the row at a position; where it is not here yet, as soon as it is. */
export function selectPosition(position: number): void {
  const window = rows.get()
  const count = window.rowCount
  if (count === 0) return
  const index = Math.max(0, Math.min(count - 1, window.indexOf(position)))
  const bounded = window.positionAt(index)
  if (index < count - 1) isFollowing.set(false)
  cursor.set(bounded)
  pending = bounded
  window.want(bounded, bounded + 1)
  settleCursor(window)
}

/** The next row in a direction; the first one in sight where none is selected. */
export function moveCursor(step: number, firstInSight: number): void {
  const at = cursor.get()
  const window = rows.get()
  selectPosition(at === undefined ? firstInSight : window.positionAt(Math.max(0, window.indexOf(at) + step)))
}

/** Selects a message by its id, also where it is not in the list. */
export async function selectMessage(id: number): Promise<void> {
  pending = undefined
  const window = rows.get()
  cursor.set(window.positionOf(id))
  adjust({ selected: id })
  isFollowing.set(false)
  const known = window.positionOf(id) ?? await window.locate(id).catch(() => undefined)
  if (rows.get() === window && place.get().selected === id) cursor.set(known)
}

export function toggleMark(row: MessageRow): void {
  const next = new Set(marks.get())
  if (!next.delete(row.id)) next.add(row.id)
  marks.set(next)
}

function settleCursor(window: MessageWindow): void {
  if (pending === undefined || rows.get() !== window) return
  const row = window.rowAt(pending)
  if (row === undefined) return
  pending = undefined
  adjust({ selected: row.joinedTo ?? row.id })
}

/** Puts the cursor onto the message that the address names, after "back" and the like. */
function followSelection(): void {
  const { selected } = place.get()
  if (pending !== undefined) return
  const at = cursor.get()
  if (selected === undefined || (at !== undefined && rows.get().rowAt(at)?.id === selected)) return
  cursor.set(rows.get().positionOf(selected))
}
