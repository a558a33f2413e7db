import type { JSX } from 'react'
import type { MapEdge } from '../../../../src/model/api.ts'
import { durationText, nounText, rateText, shareText } from '../../model/units.ts'
import { verdictShown } from '../../model/verdict-look.ts'
import type { LabelSize, MapLayout, PlacedEdge } from './map-layout.ts'
import { COMPACT_LABEL, FULL_LABEL } from './map-layout.ts'
import type { Pointed } from './map-view.tsx'

interface Props {
  readonly edges: readonly MapEdge[]
  readonly placed: MapLayout
  readonly pointed: Pointed
  readonly onPoint: (pointed: Pointed) => void
  readonly onShow: (filter: string) => void
}

export function MapEdges({ edges, placed, pointed, onPoint, onShow }: Props): JSX.Element {
  const byKey = new Map(edges.map((edge) => [`${edge.from} ${edge.to}`, edge]))
  return (
    <>
      {placed.edges.map((line) => {
        const edge = byKey.get(`${line.from} ${line.to}`)
        return edge === undefined ? null : <EdgeLine key={`${line.from} ${line.to}`} edge={edge} line={line} isCompact={placed.isCompact} isDim={isDim(edge, pointed)} onPoint={onPoint} onShow={onShow} />
      })}
    </>
  )
}

function isDim(edge: MapEdge, pointed: Pointed): boolean {
  if (pointed === undefined) return false
  if ('edge' in pointed) return pointed.edge.from !== edge.from || pointed.edge.to !== edge.to
  return pointed.node !== edge.from && pointed.node !== edge.to
}

/** What is pointed at, over everything else: where there are many edges, only this one says all. */
export function EdgeCard({ placed, pointed }: Pick<Props, 'placed' | 'pointed'>): JSX.Element | null {
  if (!placed.isCompact || pointed === undefined || !('edge' in pointed)) return null
  const { edge } = pointed
  const line = placed.edges.find(({ from, to }) => from === edge.from && to === edge.to)
  return line === undefined ? null : <g className={`map-card ${verdictShown(edge.verdict).tone}`} aria-hidden="true"><EdgeLabel edge={edge} line={line} size={FULL_LABEL} /></g>
}

function EdgeLine({ edge, line, isCompact, isDim, onPoint, onShow }: { edge: MapEdge, line: PlacedEdge, isCompact: boolean, isDim: boolean } & Pick<Props, 'onPoint' | 'onShow'>): JSX.Element {
  const look = verdictShown(edge.verdict)
  const what = `${edge.from} to ${edge.to}: ${look.text}, ${nounText(edge.requests, 'request')}, ${nounText(edge.errors, 'error')}`
  return (
    <g
      className={`map-edge ${look.tone} ${isDim ? 'dim' : ''}`}
      role="button"
      tabIndex={0}
      onPointerEnter={() => onPoint({ edge })}
      onPointerLeave={() => onPoint(undefined)}
      onFocus={() => onPoint({ edge })}
      onBlur={() => onPoint(undefined)}
      onClick={() => onShow(edge.filter)}
      onKeyDown={(event) => event.key === 'Enter' && onShow(edge.filter)}
    >
      <title>{`${what}\n${edge.protocols.join(', ')}\np50 ${latency(edge.p50Micros)}, p95 ${latency(edge.p95Micros)}, p99 ${latency(edge.p99Micros)}`}</title>
      <path d={line.path} className="map-hit" />
      <path d={line.path} className={`map-line ${look.line}`} />
      {look.line === 'double' && <path d={line.path} className="map-core" />}
      <EdgeLabel edge={edge} line={line} size={isCompact ? COMPACT_LABEL : FULL_LABEL} />
    </g>
  )
}

/** All of it, or in the small size the sign with the rate, or with what fails. */
function EdgeLabel({ edge, line, size: { width, height } }: { edge: MapEdge, line: PlacedEdge, size: LabelSize }): JSX.Element {
  const isFull = height === FULL_LABEL.height
  const failed = edge.errors === 0 ? undefined : shareText(edge.errors / Math.max(1, edge.requests))
  return (
    <g transform={`translate(${line.labelX}, ${line.labelY})`} aria-hidden="true">
      <rect x={-width / 2} y={-height / 2} width={width} height={height} rx={5} className="map-label-ground" />
      <g transform={`translate(${6 - width / 2}, ${isFull ? -8 : 0})`}><EdgeSign verdict={edge.verdict} /></g>
      {isFull && <text y={-4} x={30 - width / 2} className="map-label">{verdictShown(edge.verdict).short}</text>}
      {failed !== undefined && <text y={isFull ? -4 : 4} x={width / 2 - 5} textAnchor="end" className="map-errors">{isFull ? `${failed} err` : failed}</text>}
      {isFull ? <text y={11} textAnchor="middle" className="map-figures">{figures(edge)}</text>
        : failed === undefined && <text y={4} x={width / 2 - 5} textAnchor="end" className="map-figures">{rateText(edge.perSecond)}</text>}
    </g>
  )
}

/** The sign of the list, as parts of the picture. */
function EdgeSign({ verdict }: { verdict: string }): JSX.Element {
  const { line, left, right } = verdictShown(verdict)
  const end = (x: number, kind: 'full' | 'hollow' | 'none'): JSX.Element | null => (
    kind === 'none' ? null : <circle cx={x} cy={0} r={2.8} stroke="currentColor" strokeWidth={1.2} fill={kind === 'full' ? 'currentColor' : 'none'} />
  )
  return (
    <>
      {line === 'unknown' && <text x={7} y={4} className="map-label">?</text>}
      {(line === 'double' || line === 'dotted') && <path d="M6,-1.4h8M6,1.4h8" stroke="currentColor" strokeDasharray={line === 'dotted' ? '2 1.5' : undefined} />}
      {(line === 'single' || line === 'thin') && <path d="M0,0h20" stroke="currentColor" strokeWidth={line === 'single' ? 2 : 1} />}
      {end(3, left)}
      {end(17, right)}
    </>
  )
}

function figures(edge: MapEdge): string {
  return `${rateText(edge.perSecond)}${edge.p95Micros === undefined ? '' : ` · p95 ${durationText(edge.p95Micros)}`}`
}

function latency(micros: number | undefined): string {
  return micros === undefined ? 'unknown' : durationText(micros)
}
