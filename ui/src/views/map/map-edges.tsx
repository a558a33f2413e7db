import type { JSX } from 'react'
import type { MapEdge } from '../../../../src/model/api.ts'
import { durationText, nounText, rateText, shareText } from '../../model/units.ts'
import { verdictShown } from '../../model/verdict-look.ts'
import type { PlacedEdge } from './map-layout.ts'
import { LABEL_HEIGHT, LABEL_WIDTH } from './map-layout.ts'
import type { Pointed } from './map-view.tsx'

interface Props {
  readonly edges: readonly MapEdge[]
  readonly placed: readonly PlacedEdge[]
  readonly pointed: Pointed
  readonly onPoint: (pointed: Pointed) => void
  readonly onShow: (filter: string) => void
}

export function MapEdges({ edges, placed, pointed, onPoint, onShow }: Props): JSX.Element {
  const byKey = new Map(edges.map((edge) => [`${edge.from} ${edge.to}`, edge]))
  return (
    <>
      {placed.map((line) => {
        const edge = byKey.get(`${line.from} ${line.to}`)
        return edge === undefined ? null : <EdgeLine key={`${line.from} ${line.to}`} edge={edge} line={line} isDim={isDim(edge, pointed)} onPoint={onPoint} onShow={onShow} />
      })}
    </>
  )
}

function isDim(edge: MapEdge, pointed: Pointed): boolean {
  if (pointed === undefined) return false
  if ('edge' in pointed) return pointed.edge.from !== edge.from || pointed.edge.to !== edge.to
  return pointed.node !== edge.from && pointed.node !== edge.to
}

function EdgeLine({ edge, line, isDim, onPoint, onShow }: { edge: MapEdge, line: PlacedEdge, isDim: boolean } & Pick<Props, 'onPoint' | 'onShow'>): JSX.Element {
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
      <g transform={`translate(${line.labelX}, ${line.labelY})`} aria-hidden="true">
        <rect x={-LABEL_WIDTH / 2} y={-LABEL_HEIGHT / 2} width={LABEL_WIDTH} height={LABEL_HEIGHT} rx={5} className="map-label-ground" />
        <EdgeSign verdict={edge.verdict} />
        <text y={-4} x={6 - LABEL_WIDTH / 2 + 24} className="map-label">{look.short}</text>
        {edge.errors > 0 && <text y={-4} x={LABEL_WIDTH / 2 - 6} textAnchor="end" className="map-errors">{shareText(edge.errors / Math.max(1, edge.requests))} err</text>}
        <text y={11} textAnchor="middle" className="map-figures">{figures(edge)}</text>
      </g>
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
    <g transform={`translate(${6 - LABEL_WIDTH / 2}, -8)`}>
      {line === 'unknown' && <text x={7} y={4} className="map-label">?</text>}
      {(line === 'double' || line === 'dotted') && <path d="M6,-1.4h8M6,1.4h8" stroke="currentColor" strokeDasharray={line === 'dotted' ? '2 1.5' : undefined} />}
      {(line === 'single' || line === 'thin') && <path d="M0,0h20" stroke="currentColor" strokeWidth={line === 'single' ? 2 : 1} />}
      {end(3, left)}
      {end(17, right)}
    </g>
  )
}

function figures(edge: MapEdge): string {
  return `${rateText(edge.perSecond)}${edge.p95Micros === undefined ? '' : ` · p95 ${durationText(edge.p95Micros)}`}`
}

function latency(micros: number | undefined): string {
  return micros === undefined ? 'unknown' : durationText(micros)
}
