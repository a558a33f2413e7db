import type { JSX } from 'react'
import { useEffect, useRef, useState } from 'react'
import type { ConnectionPage } from '../../../../src/model/api.ts'
import { VerdictSign } from '../../components/verdict-sign.tsx'
import { addressText, endpointText } from '../../model/endpoint.ts'
import { clockText } from '../../model/instant.ts'
import { outcomeTone } from '../../model/outcome.ts'
import { nounText } from '../../model/units.ts'
import { visibleText } from '../../model/visible-text.ts'
import { useAnswer } from '../../services/answer.ts'
import { ask } from '../../services/api.ts'
import { useCell } from '../../services/cell.ts'
import { selectMessage } from '../../services/list.ts'
import { connection } from '../../services/live.ts'
import { zone } from '../../services/settings.ts'
import { StreamContent } from './stream-content.tsx'

/** Shown of what was said earlier and later than the message, and how many more a click brings. */
const EARLIER = 20
const LATER = 100
const STEP = 200
/** Of one answer of the hub. Beyond, another message of the connection leads on. */
const MOST = 1000

type Item = ConnectionPage['messages'][number]

/** What was said on one connection around a message, in order, each unfolding in place. */
export function StreamPanel({ flow, id, hasEarlier }: { flow: number, id: number, hasEarlier: boolean }): JSX.Element {
  const [earlier, setEarlier] = useState(EARLIER)
  const [later, setLater] = useState(LATER)
  const isLive = useCell(connection) === 'live'
  const before = useAnswer(hasEarlier ? `${flow} ${id} ${earlier}` : undefined, (signal) => ask('GET /api/v1/connections/:flow', { limit: earlier, before: id }, { flow }, signal))
  const from = useAnswer(`${flow} ${id} ${later}`, (signal) => ask('GET /api/v1/connections/:flow', { limit: later, after: id - 1 }, { flow }, signal), isLive)
  const failure = from.failure ?? before.failure
  if (from.value === undefined && failure !== undefined) return <p className="tone-red pad" role="alert">{failure.message}</p>
  if (from.value === undefined || (hasEarlier && before.value === undefined && before.failure === undefined)) return <div className="progress" role="progressbar" aria-label="Loading" />
  const items = [...before.value?.messages ?? [], ...from.value.messages]
  return (
    <div className="stream">
      <StreamHead page={from.value} />
      {before.value?.more === true && <MoreButton count={earlier} label="Earlier" onMore={setEarlier} />}
      <ol>{items.map((item) => <StreamItem key={item.row.id} item={item} isCurrent={item.row.id === id} isFirst={item === items[0]} />)}</ol>
      {from.value.more && <MoreButton count={later} label="Later" onMore={setLater} />}
    </div>
  )
}

function StreamHead({ page }: { page: ConnectionPage }): JSX.Element {
  return (
    <p className="quiet small pad">
      <span title={addressText(page.client)}>{endpointText(page.client)}</span> {page.tls === undefined ? '→' : <VerdictSign verdict={page.tls.verdict} />}{' '}
      <span title={addressText(page.server)}>{endpointText(page.server)}</span> · {nounText(page.total, 'message')}
    </p>
  )
}

function MoreButton({ count, label, onMore }: { count: number, label: string, onMore: (count: number) => void }): JSX.Element {
  if (count >= MOST) return <p className="quiet small pad">{label} ones: open a message near them.</p>
  return <button type="button" className="button" onClick={() => onMore(Math.min(MOST, count + STEP))}>{label}…</button>
}

function StreamItem({ item: { row, record }, isCurrent, isFirst }: { item: Item, isCurrent: boolean, isFirst: boolean }): JSX.Element {
  const [isOpen, setOpen] = useState(isCurrent || row.protocol === 'websocket')
  const clock = useCell(zone)
  const element = useRef<HTMLLIElement>(null)
  useEffect(() => {
    if (isCurrent && !isFirst) element.current?.scrollIntoView({ block: 'start' })
  }, [])
  return (
    <li className={`stream-item ${isCurrent ? 'selected' : ''}`} ref={element} aria-current={isCurrent}>
      <div className="stream-line">
        <button type="button" className="link-quiet" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
          <span className="quiet" aria-hidden="true">{isOpen ? '▾' : '▸'} </span>
          <span className="quiet mono">{clockText(row.atMicros, clock)}</span>{' '}
          <DirectionSign isWebSocket={row.protocol === 'websocket'} isRequest={record.request !== undefined} />{' '}
          <span className="mono">{visibleText(row.what)}</span>
        </button>
        <span className={`strong ${outcomeTone(row.outcome)}`}>{row.status}</span>
        {!isCurrent && <button type="button" className="link small" onClick={() => void selectMessage(row.id)}>open</button>}
      </div>
      {isOpen && <StreamContent id={row.id} record={record} />}
    </li>
  )
}

function DirectionSign({ isWebSocket, isRequest }: { isWebSocket: boolean, isRequest: boolean }): JSX.Element {
  if (!isWebSocket) return <span className="quiet" title="request and answer">⇄</span>
  return isRequest ? <span className="tone-blue" title="client to server">→</span> : <span className="tone-green" title="server to client">←</span>
}
