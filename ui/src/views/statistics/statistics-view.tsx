import type { JSX } from 'react'
import { Suspense, lazy, useState } from 'react'
import type { StatisticsAnswer, StatisticsGroup } from '../../../../src/model/api.ts'
import { CountedTwice } from '../../components/counted-twice.tsx'
import { Nothing } from '../../components/nothing.tsx'
import { ViewFailure } from '../../components/view-failure.tsx'
import type { Grouping } from '../../model/place.ts'
import { GROUPINGS } from '../../model/place.ts'
import { protocolBadge } from '../../model/protocol-badge.ts'
import { countText, durationText, rateText, shareText, sizeText } from '../../model/units.ts'
import { visibleText } from '../../model/visible-text.ts'
import { withTerm } from '../../model/filter-term.ts'
import { ask } from '../../services/api.ts'
import { useCell } from '../../services/cell.ts'
import { loadPart } from '../../services/loading.ts'
import { adjust, go, place } from '../../services/navigation.ts'
import { useRanged } from '../../services/ranged.ts'
import { zone } from '../../services/settings.ts'
import { BYTE_STEPS, Chart } from './chart.tsx'

const CompareCaptures = lazy(() => loadPart(async () => ({ default: (await import('../compare/compare-captures.tsx')).CompareCaptures })))

/** Rate, errors, latency and size over time, in total and of a group. */
export function StatisticsView(): JSX.Element {
  const [isComparing, setComparing] = useState(false)
  const { hops, by } = useCell(place)
  const { value, failure } = useRanged(`statistics ${by} ${hops}`, (query, signal) => ask('GET /api/v1/statistics', { ...query, by, hops }, {}, signal))
  if (value === undefined || failure?.problem !== undefined) return <ViewFailure failure={failure} />
  if (value.total.requests === 0 && value.searching === undefined) {
    return <Nothing title="There is nothing to count" />
  }
  return (
    <div className="statistics scroll" tabIndex={0} role="group" aria-label="Statistics">
      {value.searching !== undefined && <div className="progress" role="progressbar" aria-label="Searching" />}
      <div className="statistics-tools">
        <span className="quiet">Group by</span>
        {GROUPINGS.map((key) => <button key={key} type="button" className="button" aria-pressed={by === key} onClick={() => adjust({ by: key, item: undefined })}>{key}</button>)}
        <CountedTwice twice={value.twice} />
        <span className="grow" />
        <button type="button" className="button" onClick={() => setComparing(true)}>Compare captures…</button>
      </div>
      <Charts answer={value} />
      <Groups answer={value} by={by} />
      {isComparing && <Suspense fallback={null}><CompareCaptures onClose={() => setComparing(false)} /></Suspense>}
    </div>
  )
}

function Charts({ answer }: { answer: StatisticsAnswer }): JSX.Element {
  const { item } = useCell(place)
  const clock = useCell(zone)
  const group = answer.groups.find((one) => one.name === item)
  const { series } = group ?? answer.total
  const stepSeconds = answer.stepMicros / 1e6
  const perSecond = (values: readonly number[]): number[] => values.map((value) => value / stepSeconds)
  const onRange = (fromMicros: number, toMicros: number): void => go({ fromMicros, toMicros })
  const of = group === undefined ? '' : ` of ${group.name}`
  const common = { atMicros: answer.atMicros, zone: clock, onRange }
  return (
    <>
      {group !== undefined && <p className="pad">Only <strong>{group.name}</strong> <button type="button" className="link" onClick={() => adjust({ item: undefined })}>show all</button></p>}
      <div className="charts">
        <Chart
          {...common}
          title={`Requests${of}`}
          text={rateText}
          lines={[{ label: 'requests', colour: '--accent', values: perSecond(series.requests), isFilled: true }, { label: 'errors', colour: '--red', values: perSecond(series.errors), dash: [4, 3] }]}
        />
        <Chart
          {...common}
          title={`Latency${of}`}
          text={durationText}
          lines={[{ label: 'p50', colour: '--accent', values: series.p50Micros }, { label: 'p95', colour: '--amber', values: series.p95Micros, dash: [4, 3] }]}
        />
        <Chart {...common} title={`Bytes${of}`} steps={BYTE_STEPS} text={(value) => `${sizeText(Math.round(value))}/s`} lines={[{ label: 'bytes', colour: '--accent', values: perSecond(series.bytes), isFilled: true }]} />
      </div>
    </>
  )
}

const TITLES: Readonly<Record<Grouping, string>> = { protocol: 'Protocol', service: 'Service', path: 'Path', outcome: 'Outcome' }

function Groups({ answer, by }: { answer: StatisticsAnswer, by: Grouping }): JSX.Element {
  const { item } = useCell(place)
  return (
    <table className="table group-table">
      <thead>
        <tr><th>{TITLES[by]}</th><th className="number">Requests</th><th className="number">Errors</th><th className="number">p50</th><th className="number">p95</th><th className="number">p99</th><th className="number">Bytes</th><th /></tr>
      </thead>
      <tbody>
        <GroupRow name="all" group={answer.total} />
        {answer.groups.map((group) => (
          <GroupRow
            key={group.name}
            name={by === 'protocol' ? protocolBadge(group.name) : group.name}
            group={group}
            filter={group.filter}
            isChosen={group.name === item}
            onChoose={() => adjust({ item: group.name === item ? undefined : group.name })}
          />
        ))}
        {answer.omittedGroups > 0 && <tr><td colSpan={8} className="quiet">{countText(answer.omittedGroups)} quieter ones are not shown</td></tr>}
      </tbody>
    </table>
  )
}

function GroupRow({ name, group, filter, isChosen = false, onChoose }: {
  name: string, group: Omit<StatisticsGroup, 'name' | 'filter'>, filter?: string | undefined, isChosen?: boolean, onChoose?: () => void,
}): JSX.Element {
  const latency = (micros: number | undefined): string => (micros === undefined ? '–' : durationText(micros))
  return (
    <tr className={isChosen ? 'selected' : ''}>
      <td>{onChoose === undefined ? <span className="quiet">{name}</span> : <button type="button" className="link-quiet mono" aria-pressed={isChosen} onClick={onChoose}>{visibleText(name)}</button>}</td>
      <td className="number">{countText(group.requests)}</td>
      <td className={`number ${group.errors > 0 ? 'tone-red' : 'quiet'}`}>{group.errors === 0 ? '0' : `${countText(group.errors)} (${shareText(group.errors / Math.max(1, group.requests))})`}</td>
      <td className="number">{latency(group.p50Micros)}</td>
      <td className="number">{latency(group.p95Micros)}</td>
      <td className="number">{latency(group.p99Micros)}</td>
      <td className="number">{sizeText(group.bytes)}</td>
      <td>{filter !== undefined && <button type="button" className="link small" onClick={() => go({ view: 'list', q: withTerm(place.get().q, filter), item: undefined, selected: undefined })}>messages</button>}</td>
    </tr>
  )
}
