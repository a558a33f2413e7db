import type { Series, StatisticsAnswer, StatisticsGroup } from '../model/api.ts'
import { Latencies } from '../store/latency-buckets.ts'
import { OTHERS } from '../store/series-counts.ts'
import type { GroupBy, GroupCounts, SeriesCounts } from '../store/store.ts'
import { latencyOf } from './map-answer.ts'

export function statisticsAnswer({ fromMicros, stepMicros, groups, omittedGroups }: SeriesCounts, by: GroupBy, points: number): Omit<StatisticsAnswer, 'searching'> {
  return {
    atMicros: Array.from({ length: points }, (_, i) => fromMicros + i * stepMicros), stepMicros,
    total: sumOf(groups, points),
    groups: groups.filter((group) => group.name !== OTHERS).map((group) => groupOf(group, by)), omittedGroups,
  }
}

function groupOf(counts: GroupCounts, by: GroupBy): StatisticsGroup {
  const filter = filterOf(counts.name, by)
  return { name: counts.name, ...totalsOf(counts), series: seriesOf(counts), ...(filter !== undefined && { filter }) }
}

function totalsOf({ requests, errors, bytes, latencies }: GroupCounts): Omit<StatisticsGroup, 'name' | 'series' | 'filter'> {
  const all = new Latencies()
  for (const part of latencies) all.addAll(part)
  return { requests: sum(requests), errors: sum(errors), bytes: sum(bytes), ...latencyOf(all) }
}

function seriesOf({ requests, errors, bytes, latencies }: GroupCounts): Series {
  const quantiles = latencies.map((part) => {
    const step = new Latencies()
    step.addAll(part)
    return [step.quantile(0.5) ?? null, step.quantile(0.95) ?? null] as const
  })
  return { requests, errors, bytes, p50Micros: quantiles.map(([p50]) => p50), p95Micros: quantiles.map(([, p95]) => p95) }
}

function sumOf(groups: readonly GroupCounts[], points: number): StatisticsAnswer['total'] {
  const column = (of: (group: GroupCounts) => readonly number[]): number[] => Array.from({ length: points }, (_, i) => groups.reduce((total, group) => total + of(group)[i]!, 0))
  const latencies = Array.from({ length: points }, (_, i) => {
    const step = new Latencies()
    for (const group of groups) step.addAll(group.latencies[i]!)
    return step.sparse()
  })
  const all: GroupCounts = { name: '', requests: column((g) => g.requests), errors: column((g) => g.errors), bytes: column((g) => g.bytes), latencies }
  return { ...totalsOf(all), series: seriesOf(all) }
}

/** A filter for the messages of a group; undefined where none says it. */
function filterOf(name: string, by: GroupBy): string | undefined {
  switch (by) {
    case 'protocol': return `protocol == ${JSON.stringify(name)}`
    case 'outcome': return `outcome == ${JSON.stringify(name)}`
    case 'service': return /^(.*):(\d+)$/.test(name) ? addressFilter(name) : `to == ${JSON.stringify(name)}`
    case 'path': return operationFilter(name)
    case 'operation': return undefined
  }
}

function addressFilter(name: string): string {
  const [, ip, port] = /^(.*):(\d+)$/.exec(name)!
  return `dst.ip == ${JSON.stringify(ip)} && dst.port == ${port}`
}

function operationFilter(name: string): string | undefined {
  const other = /^([a-z0-9]+): (.*)$/.exec(name)
  if (other !== null) return `protocol == "${other[1]}" && what.startsWith(${JSON.stringify(other[2])})`
  const http = /^([A-Z]+) (\/.*)$/.exec(name)
  if (http === null) return `what == ${JSON.stringify(name)}`
  const [, method, template] = http
  if (!template!.includes('{id}')) return `method == "${method}" && path == ${JSON.stringify(template)}`
  const pattern = template!.split('{id}').map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('[^/]+')
  return `method == "${method}" && path.matches(${JSON.stringify(`^${pattern}$`)})`
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
