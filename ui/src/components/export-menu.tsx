import type { JSX } from 'react'
import type { ExportQuery } from '../../../src/model/api.ts'
import { routeAddress } from '../services/api.ts'
import { capture } from '../services/capture.ts'
import { useCell } from '../services/cell.ts'
import { saveAddress } from '../services/clipboard.ts'
import { marks } from '../services/list.ts'
import { place } from '../services/navigation.ts'
import { Menu } from './menu.tsx'

const FORMATS: readonly { readonly format: ExportQuery['format'], readonly label: string, readonly hint: string }[] = [
  { format: 'har', label: 'HAR', hint: 'HTTP Archive 1.2: browsers, mitmproxy and others read it' },
  { format: 'jsonl', label: 'JSON lines', hint: 'as `mtlscope tap -o json` prints them' },
  { format: 'pcapng', label: 'pcapng', hint: 'the packets as captured, for Wireshark: not redacted' },
]

/** Saves what was marked, else what the filter and the range let through. */
export function ExportMenu(): JSX.Element {
  const marked = useCell(marks)
  const info = useCell(capture)
  const subject = marked.size > 0 ? `${marked.size} marked` : 'all shown'
  const items = FORMATS.map(({ format, label, hint }) => ({
    label: `${label}: ${subject}`,
    hint,
    isDisabled: format === 'pcapng' && info?.packets === false,
    run: () => exportMessages(format, [...marked]),
  }))
  const clear = marked.size === 0 ? [] : [{ label: 'Take the marks away', hint: 'then all that is shown is exported', run: () => marks.set(new Set()) }]
  return <Menu label="Export" items={[...items, ...clear]} />
}

/** Downloads messages: those with `ids`, or where there are none, those of the filter. */
export function exportMessages(format: ExportQuery['format'], ids: readonly number[]): void {
  const { q, hops, fromMicros, toMicros } = place.get()
  const query: ExportQuery = ids.length > 0
    ? { format, ids: ids.join(',') }
    : { format, q, hops, ...fromMicros === undefined ? {} : { from: fromMicros }, ...toMicros === undefined ? {} : { to: toMicros } }
  saveAddress(routeAddress('GET /api/v1/export', query))
}
