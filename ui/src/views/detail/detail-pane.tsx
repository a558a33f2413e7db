import type { JSX } from 'react'
import type { MessageDetail } from '../../../../src/model/api.ts'
import { Tabs } from '../../components/tabs.tsx'
import { VerdictSign } from '../../components/verdict-sign.tsx'
import { instantText } from '../../model/instant.ts'
import { outcomeTone, outcomeWord } from '../../model/outcome.ts'
import type { Tab } from '../../model/place.ts'
import { TABS } from '../../model/place.ts'
import { protocolBadge } from '../../model/protocol-badge.ts'
import { durationText } from '../../model/units.ts'
import { visibleText } from '../../model/visible-text.ts'
import { useAnswer } from '../../services/answer.ts'
import type { ApiFailure } from '../../services/api.ts'
import { ask } from '../../services/api.ts'
import { capture } from '../../services/capture.ts'
import { useCell } from '../../services/cell.ts'
import { copyText } from '../../services/clipboard.ts'
import { useKeys } from '../../services/keyboard.ts'
import { selectMessage } from '../../services/list.ts'
import { reconnections } from '../../services/live.ts'
import { addressOf, adjust, place } from '../../services/navigation.ts'
import { zone } from '../../services/settings.ts'
import { DetailActions } from './detail-actions.tsx'
import { Half } from './half.tsx'
import { Hops } from './hops.tsx'
import { PacketsPanel } from './packets-panel.tsx'
import { StreamPanel } from './stream-panel.tsx'
import { TimingPanel } from './timing-panel.tsx'
import { TlsPanel } from './tls-panel.tsx'

interface Props { readonly id: number, readonly isFull: boolean, readonly onFull: () => void, readonly onClose: () => void }

export function DetailPane({ id, isFull, onFull, onClose }: Props): JSX.Element {
  const again = useCell(reconnections)
  const { value, failure, isLoading } = useAnswer(`${id} ${again}`, (signal) => ask('GET /api/v1/messages/:id', {}, { id }, signal))
  return (
    <aside className="detail" aria-label="Message" aria-busy={isLoading}>
      {failure !== undefined && <NoDetail failure={failure} onClose={onClose} />}
      {failure === undefined && value !== undefined && <Detail detail={value} isFull={isFull} onFull={onFull} onClose={onClose} />}
      {failure === undefined && value === undefined && <div className="progress" role="progressbar" aria-label="Loading" />}
    </aside>
  )
}

/** A message that is asked for by its address may be gone, or not read yet. */
function NoDetail({ failure, onClose }: { failure: ApiFailure, onClose: () => void }): JSX.Element {
  const isReading = useCell(capture)?.files.some((file) => file.reading) === true
  const isMissing = failure.code === 'not-found'
  if (isMissing && isReading) {
    return (
      <>
        <div className="progress" role="progressbar" aria-label="Reading" />
        <div className="notice" role="status"><h2>Not read yet</h2><p className="quiet">The capture is still being read; the message is shown when it is there.</p></div>
      </>
    )
  }
  return (
    <div className="notice" role="alert">
      <h2>{isMissing ? 'This message is gone' : failure.message}</h2>
      <p className="quiet">{failure.hint ?? (isMissing ? 'The oldest messages go when the store is full.' : '')}</p>
      <button type="button" className="button" onClick={onClose}>Close</button>
    </div>
  )
}

const LABELS: Readonly<Record<Tab, string>> = { request: 'Request', response: 'Response', both: 'Both', stream: 'Stream', timing: 'Timing', tls: 'TLS', packets: 'Packets' }

function Detail({ detail, isFull, onFull, onClose }: { detail: MessageDetail } & Omit<Props, 'id'>): JSX.Element {
  const { tab } = useCell(place)
  const { record } = detail
  const current: Tab = tab === 'response' && record.response === undefined && record.request !== undefined ? 'request' : tab
  useDetailKeys(detail)
  const items = TABS.map((key) => ({ key, label: LABELS[key], isDisabled: (key === 'request' || key === 'response') && record[key] === undefined }))
  return (
    <>
      <DetailHead detail={detail} isFull={isFull} onFull={onFull} onClose={onClose} />
      <Hops hops={detail.hops} notes={detail.hopNotes} way={detail.row.way} />
      {record.notes !== undefined && <Notes notes={record.notes} isComplete={record.complete} />}
      <Tabs name="message" items={items} current={current} onChange={(key) => adjust({ tab: key })} />
      <div className="detail-body scroll" id="panel-message" role="tabpanel" aria-labelledby={`tab-message-${current}`} tabIndex={0}>
        <Panel tab={current} detail={detail} />
      </div>
    </>
  )
}

function Panel({ tab, detail }: { tab: Tab, detail: MessageDetail }): JSX.Element {
  const half = { id: detail.row.id, record: detail.record }
  switch (tab) {
    case 'request':
    case 'response': return <Half key={`${detail.row.id} ${tab}`} {...half} side={tab} />
    case 'both': return (
      <div className="both">
        <section aria-label="Request"><h3 className="half-title">Request</h3><Half {...half} side="request" /></section>
        <section aria-label="Response"><h3 className="half-title">Response</h3><Half {...half} side="response" /></section>
      </div>
    )
    case 'stream': return <StreamPanel key={detail.row.id} flow={detail.row.flow} id={detail.row.id} hasEarlier={detail.previous !== undefined} />
    case 'timing': return <TimingPanel detail={detail} />
    case 'tls': return <TlsPanel detail={detail} />
    case 'packets': return <PacketsPanel detail={detail} />
  }
}

function DetailHead({ detail, isFull, onFull, onClose }: { detail: MessageDetail } & Omit<Props, 'id'>): JSX.Element {
  const { row } = detail
  const clock = useCell(zone)
  return (
    <header className="detail-head">
      <div className="detail-title">
        <h2 className="mono">{visibleText(row.what)}</h2>
        <span className={`strong ${outcomeTone(row.outcome)}`} title={outcomeWord(row.outcome)}>{row.status === undefined ? 'no answer' : visibleText(String(row.status))}</span>
        {row.elapsedMicros !== undefined && <span className="quiet">{durationText(row.elapsedMicros)}</span>}
        <span className="grow" />
        <button type="button" className="button bare" onClick={onFull} title="Full width and back (f)" aria-label="Full width" aria-pressed={isFull}>⤢</button>
        <button type="button" className="button bare" onClick={onClose} title="Close (Esc)" aria-label="Close the message">✕</button>
      </div>
      <p className="quiet small">
        {protocolBadge(row.protocol)} · {instantText(row.atMicros, clock)} · No. {row.id} · connection {row.flow} · <VerdictSign verdict={row.way?.verdict ?? row.verdict} word />
        {row.decrypted === true && ' · decrypted with a key log'}
      </p>
      <DetailActions detail={detail} />
    </header>
  )
}

function Notes({ notes, isComplete }: { notes: readonly string[], isComplete: boolean }): JSX.Element {
  return <ul className={`notes small ${isComplete ? 'quiet' : 'tone-amber'}`}>{notes.map((note) => <li key={note}>{visibleText(note)}</li>)}</ul>
}

function useDetailKeys(detail: MessageDetail): void {
  const step = (id: number | undefined) => (): unknown => (id === undefined ? false : void selectMessage(id))
  useKeys({
    ...Object.fromEntries(TABS.map((key, at) => [String(at + 1), () => adjust({ tab: key })])),
    '[': step(detail.previous),
    ']': step(detail.next),
    'y': () => void copyText(new URL(addressOf({}), location.href).href, 'the address of the message'),
  })
}
