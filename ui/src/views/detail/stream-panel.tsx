import type { JSX } from 'react'
import { useState } from 'react'
import type { ConnectionPage, JsonRecord, MessageRow } from '../../../../src/model/api.ts'
import { JsonView } from '../../components/json-view.tsx'
import { VerdictSign } from '../../components/verdict-sign.tsx'
import { addressText, endpointText } from '../../model/endpoint.ts'
import { clockText } from '../../model/instant.ts'
import { outcomeTone } from '../../model/outcome.ts'
import { nounText } from '../../model/units.ts'
import { useAnswer } from '../../services/answer.ts'
import { ask } from '../../services/api.ts'
import { useCell } from '../../services/cell.ts'
import { selectMessage } from '../../services/list.ts'
import { zone } from '../../services/settings.ts'
import { PrettyBody } from './pretty-body.tsx'

const PAGE = 200

/** Everything that was said on one connection, in order, each unfolding in place. */
export function StreamPanel({ flow, id }: { flow: number, id: number }): JSX.Element {
  const [limit, setLimit] = useState(PAGE)
  const { value, failure } = useAnswer(`${flow} ${limit}`, (signal) => ask('GET /api/v1/connections/:flow', { limit }, { flow }, signal))
  if (failure !== undefined) return <p className="tone-red pad" role="alert">{failure.message}</p>
  if (value === undefined) return <div className="progress" role="progressbar" aria-label="Loading" />
  return (
    <div className="stream">
      <p className="quiet small pad">
        <span title={addressText(value.client)}>{endpointText(value.client)}</span> {value.tls !== undefined && <VerdictSign verdict={value.tls.verdict} />}{' '}
        <span title={addressText(value.server)}>{endpointText(value.server)}</span> · {nounText(value.total, 'message')}
      </p>
      <ol>{value.messages.map(({ row, record }) => <StreamItem key={row.id} row={row} record={record} isCurrent={row.id === id} />)}</ol>
      {value.more && limit < 1000 && <button type="button" className="button" onClick={() => setLimit(Math.min(1000, limit + PAGE))}>More of {value.total}</button>}
    </div>
  )
}

function StreamItem({ row, record, isCurrent }: ConnectionPage['messages'][number] & { isCurrent: boolean }): JSX.Element {
  const [isOpen, setOpen] = useState(isCurrent || row.protocol === 'websocket')
  const clock = useCell(zone)
  const side = record.request === undefined ? 'response' : 'request'
  return (
    <li className={`stream-item ${isCurrent ? 'selected' : ''}`}>
      <div className="stream-line">
        <button type="button" className="link-quiet" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
          <span className="quiet" aria-hidden="true">{isOpen ? '▾' : '▸'} </span>
          <span className="quiet mono">{clockText(row.atMicros, clock)}</span>{' '}
          <DirectionSign row={row} side={side} />{' '}
          <span className="mono">{row.what}</span>
        </button>
        <span className={`strong ${outcomeTone(row.outcome)}`}>{row.status}</span>
        {!isCurrent && <button type="button" className="link small" onClick={() => void selectMessage(row.id)}>open</button>}
      </div>
      {isOpen && <StreamContent record={record} />}
    </li>
  )
}

function DirectionSign({ row, side }: { row: MessageRow, side: 'request' | 'response' }): JSX.Element {
  if (row.protocol !== 'websocket') return <span className="quiet" title="request and answer">⇄</span>
  return side === 'request' ? <span className="tone-blue" title="client to server">→</span> : <span className="tone-green" title="server to client">←</span>
}

function StreamContent({ record }: { record: JsonRecord }): JSX.Element {
  const halves = [record.request, record.response].filter((half) => half !== undefined)
  const bodies = halves.map((half) => half.body).filter((body) => typeof body === 'object' && body !== null)
  if (record.protocol === 'websocket' && bodies.length > 0) return <>{bodies.map((body, at) => <PrettyBody key={at} body={body as Readonly<Record<string, unknown>>} field="request.body" />)}</>
  return <JsonView value={{ request: record.request, response: record.response }} />
}
