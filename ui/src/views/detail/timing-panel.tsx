import type { JSX } from 'react'
import type { MessageDetail } from '../../../../src/model/api.ts'
import { endpointText } from '../../model/endpoint.ts'
import { instantText } from '../../model/instant.ts'
import { durationText, sizeText } from '../../model/units.ts'
import { useCell } from '../../services/cell.ts'
import { zone } from '../../services/settings.ts'

interface Bar { readonly name: string, readonly fromMicros: number, readonly lengthMicros: number, readonly tone: string, readonly what: string }

/** Where the time went: the request, the wait, the answer; and each hop against the others. */
export function TimingPanel({ detail }: { detail: MessageDetail }): JSX.Element {
  const clock = useCell(zone)
  const parts = partsOf(detail)
  const hops = hopsOf(detail)
  const start = Math.min(...[...parts, ...hops].map((bar) => bar.fromMicros))
  const end = Math.max(...[...parts, ...hops].map((bar) => bar.fromMicros + bar.lengthMicros))
  const span = Math.max(1, end - start)
  return (
    <div className="timing pad">
      <p className="quiet">First byte {instantText(detail.row.atMicros, clock)} · in all {durationText(end - start)}</p>
      <BarList title="This message" bars={parts} start={start} span={span} />
      {hops.length > 1 && <BarList title="Hops" bars={hops} start={start} span={span} />}
      <p className="quiet small">
        Times are of the capture. Sent {sizeText(detail.row.requestBytes ?? 0)}, received {sizeText(detail.row.responseBytes ?? 0)}.
      </p>
    </div>
  )
}

function BarList({ title, bars, start, span }: { title: string, bars: readonly Bar[], start: number, span: number }): JSX.Element {
  return (
    <>
      <h3>{title}</h3>
      <table className="bars">
        <tbody>
          {bars.map((bar, at) => (
            <tr key={`${at} ${bar.name}`}>
              <th scope="row">{bar.name}</th>
              <td className="bar-cell" title={bar.what}>
                <span className={`bar ${bar.tone}`} style={{ left: `${(bar.fromMicros - start) / span * 100}%`, width: `${Math.max(0.4, bar.lengthMicros / span * 100)}%` }} />
              </td>
              <td className="number">{durationText(bar.lengthMicros)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </>
  )
}

function partsOf({ row, record }: MessageDetail): Bar[] {
  const duration = (half: Readonly<Record<string, unknown>> | undefined): number => (typeof half?.durationMicros === 'number' ? half.durationMicros : 0)
  const sent = duration(record.request)
  const bars: Bar[] = [{ name: 'Request', fromMicros: row.atMicros, lengthMicros: sent, tone: 'tone-blue', what: 'first to last byte of the request' }]
  if (row.elapsedMicros === undefined) return bars
  const answered = row.atMicros + row.elapsedMicros
  return [
    ...bars,
    { name: 'Waiting', fromMicros: row.atMicros + Math.min(sent, row.elapsedMicros), lengthMicros: Math.max(0, row.elapsedMicros - sent), tone: 'tone-quiet', what: 'last byte of the request to first byte of the answer' },
    { name: 'Response', fromMicros: answered, lengthMicros: duration(record.response), tone: 'tone-green', what: 'first to last byte of the answer' },
  ]
}

function hopsOf(detail: MessageDetail): Bar[] {
  return detail.hops.flatMap((hop): Bar[] => (hop.atMicros === undefined ? [] : [{
    name: `${endpointText(hop.client)} → ${endpointText(hop.server)}`,
    fromMicros: hop.atMicros,
    lengthMicros: hop.elapsedMicros ?? 0,
    tone: hop.kind === 'tls' ? 'tone-green' : hop.kind === 'plain' ? 'tone-red' : 'tone-quiet',
    what: `seen in ${hop.seenIn.join(', ')}`,
  }]))
}
