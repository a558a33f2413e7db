import type { JSX } from 'react'
import { Suspense, lazy, useState } from 'react'
import type { CopyAs, MessageDetail } from '../../../../src/model/api.ts'
import { exportMessages } from '../../components/export-menu.tsx'
import { Menu } from '../../components/menu.tsx'
import { say } from '../../services/announce.ts'
import { capture } from '../../services/capture.ts'
import { useCell } from '../../services/cell.ts'
import { copyText } from '../../services/clipboard.ts'
import { useKeys } from '../../services/keyboard.ts'
import { marks, selectMessage, toggleMark } from '../../services/list.ts'
import { loadPart } from '../../services/loading.ts'
import { go } from '../../services/navigation.ts'

const ReplayDialog = lazy(() => loadPart(async () => ({ default: (await import('./replay-dialog.tsx')).ReplayDialog })))

const COPY_LABELS: Readonly<Record<CopyAs['kind'], string>> = { 'curl': 'cURL', 'httpie': 'HTTPie', 'fetch': 'fetch', 'grpcurl': 'grpcurl', 'redis-cli': 'redis-cli' }

export function DetailActions({ detail }: { detail: MessageDetail }): JSX.Element {
  const [isReplayOpen, setReplayOpen] = useState(false)
  const info = useCell(capture)
  const canReplay = detail.replay !== undefined && info?.replay !== false
  useKeys({ r: () => (canReplay ? setReplayOpen(true) : say('this message cannot be replayed')) })
  return (
    <div className="actions" role="toolbar" aria-label="Actions on the message">
      <NeighbourButton id={detail.previous} sign="↑" label="Previous on the connection ([)" />
      <NeighbourButton id={detail.next} sign="↓" label="Next on the connection (])" />
      <CopyMenu detail={detail} />
      {canReplay && <button type="button" className="button" onClick={() => setReplayOpen(true)} title="Send it again (r)">Replay…</button>}
      <ExportOne detail={detail} />
      <MarkButtons detail={detail} />
      {isReplayOpen && <Suspense fallback={null}><ReplayDialog detail={detail} onClose={() => setReplayOpen(false)} /></Suspense>}
    </div>
  )
}

function NeighbourButton({ id, sign, label }: { id: number | undefined, sign: string, label: string }): JSX.Element {
  return (
    <button type="button" className="button" disabled={id === undefined} title={label} aria-label={label} onClick={() => id !== undefined && void selectMessage(id)}>
      {sign}
    </button>
  )
}

function CopyMenu({ detail }: { detail: MessageDetail }): JSX.Element {
  const items = [
    ...detail.copyAs.map(({ kind, text, notes }) => ({
      label: COPY_LABELS[kind],
      hint: notes.join('; '),
      run: () => {
        void copyText(text, notes.length === 0 ? `as ${COPY_LABELS[kind]}` : `as ${COPY_LABELS[kind]}: ${notes.join('; ')}`)
      },
    })),
    { label: 'JSON', run: () => void copyText(JSON.stringify(detail.record, undefined, 2), 'as JSON') },
    { label: 'Summary', run: () => void copyText(`${detail.record.at} ${detail.row.what} ${detail.row.status ?? ''}`.trim(), 'the summary') },
  ]
  return <Menu label="Copy as" items={items} />
}

function ExportOne({ detail }: { detail: MessageDetail }): JSX.Element {
  const ids = [detail.row.id]
  return (
    <Menu
      label="Save"
      items={[
        { label: 'HAR', run: () => exportMessages('har', ids) },
        { label: 'JSON line', run: () => exportMessages('jsonl', ids) },
        { label: 'Packets (pcapng)', hint: 'as captured, for Wireshark: not redacted', isDisabled: !detail.hasPackets, run: () => exportMessages('pcapng', ids) },
      ]}
    />
  )
}

function MarkButtons({ detail }: { detail: MessageDetail }): JSX.Element {
  const marked = useCell(marks)
  const { id } = detail.row
  const other = [...marked].find((mark) => mark !== id)
  return (
    <>
      <button type="button" className="button" aria-pressed={marked.has(id)} onClick={() => toggleMark(detail.row)} title="Mark, to export or compare (x)">Mark</button>
      {other !== undefined && (
        <button type="button" className="button" onClick={() => go({ compare: [other, id] })}>Compare with No. {other}</button>
      )}
    </>
  )
}
