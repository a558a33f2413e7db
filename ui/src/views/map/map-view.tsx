import type { JSX } from 'react'
import { useMemo, useRef, useState } from 'react'
import type { MapAnswer, MapEdge } from '../../../../src/model/api.ts'
import { CountedTwice } from '../../components/counted-twice.tsx'
import { Menu } from '../../components/menu.tsx'
import { Nothing } from '../../components/nothing.tsx'
import { VerdictSign } from '../../components/verdict-sign.tsx'
import { ViewFailure } from '../../components/view-failure.tsx'
import { verdictShown } from '../../model/verdict-look.ts'
import { ask } from '../../services/api.ts'
import { saveFile } from '../../services/clipboard.ts'
import { useKeys } from '../../services/keyboard.ts'
import { withTerm } from '../../model/filter-term.ts'
import { go, place } from '../../services/navigation.ts'
import { useRanged } from '../../services/ranged.ts'
import { layoutMap } from './map-layout.ts'
import { EdgeCard, MapEdges } from './map-edges.tsx'
import { MapNodes } from './map-nodes.tsx'
import { pictureOf, rasterOf } from './map-picture.ts'
import { usePanZoom } from './pan-zoom.ts'

/** Services and who calls whom; a click shows the messages behind it. */
export function MapView(): JSX.Element {
  const { value, failure } = useRanged('map', (query, signal) => ask('GET /api/v1/map', query, {}, signal))
  if (value === undefined || failure?.problem !== undefined) return <ViewFailure failure={failure} />
  if (value.nodes.length === 0) {
    return value.searching === undefined ? <Nothing title="Nobody called anybody" /> : <ViewFailure failure={undefined} />
  }
  return <MapPicture answer={value} />
}

const ZOOM_STEP = 1.25

/** What is pointed at: an edge `from to`, or a node. */
export type Pointed = { readonly edge: MapEdge } | { readonly node: string } | undefined

function MapPicture({ answer }: { answer: MapAnswer }): JSX.Element {
  const { nodes } = answer
  // A sidecar that calls its own app is inside of a node.
  const edges = useMemo(() => answer.edges.filter((edge) => edge.from !== edge.to || edge.verdict !== 'clear'), [answer])
  // Figures change all the time, and must not move anything.
  const shape = `${nodes.map((node) => `${node.id} ${node.name} ${node.namespace ?? ''}`).sort().join('\n')}\n\n${edges.map((edge) => `${edge.from} ${edge.to}`).sort().join('\n')}`
  const placed = useMemo(() => layoutMap(sorted(nodes, (node) => node.id), sorted(edges, (edge) => `${edge.from} ${edge.to}`)), [shape])
  const [pointed, setPointed] = useState<Pointed>()
  const svg = useRef<SVGSVGElement>(null)
  const { transform, fit, zoom } = usePanZoom(svg, placed.width, placed.height)
  useKeys({ '+': () => zoom(ZOOM_STEP), '-': () => zoom(1 / ZOOM_STEP), '0': fit })
  const show = (filter: string): void => go({ view: 'list', q: withTerm(place.get().q, filter), selected: undefined })
  return (
    <div className="map">
      {answer.searching !== undefined && <div className="progress" role="progressbar" aria-label="Searching" />}
      <svg ref={svg} className={placed.isCompact ? 'map-svg compact' : 'map-svg'} role="group" aria-label={`Map of ${nodes.length} services and ${edges.length} edges`}>
        <g transform={transform}>
          {placed.groups.map((group) => (
            <g key={group.name} className="map-group">
              <rect x={group.x} y={group.y - 12} width={group.width} height={group.height + 12} rx={6} />
              <text x={group.x + 8} y={group.y + 4}>{group.name}</text>
            </g>
          ))}
          <MapEdges edges={edges} placed={placed} pointed={pointed} onPoint={setPointed} onShow={show} />
          <MapNodes nodes={nodes} edges={edges} placed={placed} pointed={pointed} onPoint={setPointed} onShow={show} />
          <EdgeCard placed={placed} pointed={pointed} />
        </g>
      </svg>
      <div className="map-tools" role="toolbar" aria-label="Map">
        <button type="button" className="button" onClick={() => zoom(ZOOM_STEP)} aria-label="Larger" title="Larger (+)">+</button>
        <button type="button" className="button" onClick={() => zoom(1 / ZOOM_STEP)} aria-label="Smaller" title="Smaller (-)">−</button>
        <button type="button" className="button" onClick={fit} title="All of it (0)">Fit</button>
        <Menu
          label="Save"
          items={[
            { label: 'SVG', run: () => svg.current !== null && saveFile('map.svg', pictureOf(svg.current, placed.width, placed.height)) },
            { label: 'PNG', run: () => svg.current !== null && void rasterOf(svg.current, placed.width, placed.height).then((png) => saveFile('map.png', png)) },
          ]}
        />
      </div>
      <Legend edges={edges} omitted={answer.omittedNodes} twice={answer.twice} />
    </div>
  )
}

function Legend({ edges, omitted, twice }: { edges: readonly MapEdge[], omitted: number, twice: number | undefined }): JSX.Element {
  const verdicts = [...new Set(edges.map((edge) => edge.verdict))].sort((a, b) => verdictShown(a).text.localeCompare(verdictShown(b).text))
  return (
    <div className="map-legend small">
      {verdicts.map((verdict) => <span key={verdict}><VerdictSign verdict={verdict} word /> <span className="quiet">{edges.filter((edge) => edge.verdict === verdict).length}</span></span>)}
      {omitted > 0 && <span className="tone-amber">{omitted} quieter services are not shown: use the filter</span>}
      <CountedTwice twice={twice} />
    </div>
  )
}

function sorted<T>(items: readonly T[], key: (item: T) => string): T[] {
  return [...items].sort((a, b) => (key(a) < key(b) ? -1 : 1))
}
