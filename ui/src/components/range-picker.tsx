import type { JSX } from 'react'
import { useState } from 'react'
import { instantText, rangeText } from '../model/instant.ts'
import type { Zone } from '../model/instant.ts'
import { capture } from '../services/capture.ts'
import { useCell } from '../services/cell.ts'
import { go, place } from '../services/navigation.ts'
import { zone } from '../services/settings.ts'
import { Dialog } from './dialog.tsx'
import { Menu } from './menu.tsx'

const MINUTE = 60_000_000
const LAST: readonly (readonly [string, number])[] = [
  ['Last minute', MINUTE], ['Last 5 minutes', 5 * MINUTE], ['Last 15 minutes', 15 * MINUTE], ['Last hour', 60 * MINUTE], ['Last 24 hours', 1440 * MINUTE],
]

/** The range of time that all views show, and whose clock it is told by. */
export function RangePicker(): JSX.Element {
  const { fromMicros, toMicros } = useCell(place)
  const clock = useCell(zone)
  const [isOpen, setOpen] = useState(false)
  const items = [
    { label: 'All time', run: () => go({ fromMicros: undefined, toMicros: undefined }) },
    ...LAST.map(([label, micros]) => ({ label, hint: 'of the capture', run: () => go({ fromMicros: latest() - micros, toMicros: undefined }) })),
    { label: 'From … to …', run: () => setOpen(true) },
  ]
  return (
    <>
      <Menu label={rangeText(fromMicros, toMicros, clock)} items={items} title="Range of time" />
      <button
        type="button"
        className="button bare"
        title="Times in UTC or by this browser's clock"
        onClick={() => zone.set(clock === 'UTC' ? 'local' : 'UTC')}
      >
        {clock}
      </button>
      {isOpen && <RangeDialog clock={clock} onClose={() => setOpen(false)} />}
    </>
  )
}

/** "Now" of a file is its end. */
function latest(): number {
  const info = capture.get()
  return info?.kind === 'file' && info.lastMicros !== undefined ? info.lastMicros + 1 : Date.now() * 1000
}

function RangeDialog({ clock, onClose }: { clock: Zone, onClose: () => void }): JSX.Element {
  const { fromMicros, toMicros } = place.get()
  const info = capture.get()
  const [from, setFrom] = useState(textOf(fromMicros ?? info?.firstMicros, clock))
  const [to, setTo] = useState(textOf(toMicros ?? (info?.lastMicros === undefined ? undefined : info.lastMicros + 1), clock))
  const range = [microsOf(from, clock), microsOf(to, clock)] as const
  const isWrong = Number.isNaN(range[0]) || Number.isNaN(range[1]) || (range[0] !== undefined && range[1] !== undefined && range[0] >= range[1])
  return (
    <Dialog title="Range of time" onClose={onClose}>
      <form
        className="form"
        onSubmit={(event) => {
          event.preventDefault()
          if (isWrong) return
          go({ fromMicros: range[0], toMicros: range[1] })
          onClose()
        }}
      >
        <label>From<input className="field mono" value={from} onChange={(event) => setFrom(event.target.value)} placeholder="start" /></label>
        <label>To<input className="field mono" value={to} onChange={(event) => setTo(event.target.value)} placeholder="now" /></label>
        <p className={isWrong ? 'tone-red' : 'quiet'} role={isWrong ? 'alert' : undefined}>
          {isWrong ? 'Write 2026-11-21 12:03:41 with "from" before "to"; empty is open.' : `Times are ${clock === 'UTC' ? 'UTC' : 'of this browser’s clock'}; empty is open.`}
        </p>
        <footer><button type="submit" className="button primary" disabled={isWrong}>Show</button></footer>
      </form>
    </Dialog>
  )
}

function textOf(micros: number | undefined, clock: Zone): string {
  return micros === undefined ? '' : instantText(micros, clock).slice(0, 26)
}

/** undefined for nothing, NaN for what is no time. */
function microsOf(text: string, clock: Zone): number | undefined {
  if (text.trim() === '') return undefined
  const match = /^(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d(?::\d\d)?)(?:\.(\d{1,6}))?$/.exec(text.trim())
  if (match === null) return Number.NaN
  const [, day, time, fraction = ''] = match
  return Date.parse(`${day}T${time}${clock === 'UTC' ? 'Z' : ''}`) * 1000 + Number(fraction.padEnd(6, '0'))
}
