import type { JSX } from 'react'
import type { MapEdge, MapNode } from '../../../../src/model/api.ts'
import { countText, nounText } from '../../model/units.ts'
import { visibleText } from '../../model/visible-text.ts'
import type { MapLayout } from './map-layout.ts'
import { cutName, shownName } from './map-layout.ts'
import type { Pointed } from './map-view.tsx'

interface Props {
  readonly nodes: readonly MapNode[]
  readonly edges: readonly MapEdge[]
  readonly placed: MapLayout
  readonly pointed: Pointed
  readonly onPoint: (pointed: Pointed) => void
  readonly onShow: (filter: string) => void
}

export function MapNodes({ nodes, edges, placed, pointed, onPoint, onShow }: Props): JSX.Element {
  const byId = new Map(nodes.map((node) => [node.id, node]))
  const lit = litNodes(edges, pointed)
  return (
    <>
      {placed.nodes.map((box) => {
        const node = byId.get(box.id)
        if (node === undefined) return null
        return (
          <g
            key={box.id}
            className={`map-node ${node.named ? '' : 'unnamed'} ${lit !== undefined && !lit.has(box.id) ? 'dim' : ''}`}
            transform={`translate(${box.x}, ${box.y})`}
            role="button"
            tabIndex={0}
            onPointerEnter={() => onPoint({ node: box.id })}
            onPointerLeave={() => onPoint(undefined)}
            onFocus={() => onPoint({ node: box.id })}
            onBlur={() => onPoint(undefined)}
            onClick={() => onShow(node.filter)}
            onKeyDown={(event) => event.key === 'Enter' && onShow(node.filter)}
          >
            <title>{`${node.name}: ${nounText(node.requestsIn, 'request')} in, ${countText(node.requestsOut)} out`}</title>
            <rect width={box.width} height={box.height} rx={5} />
            <text x={box.width / 2} y={placed.isCompact ? 20 : 16} textAnchor="middle" className="map-name" aria-hidden="true">{visibleText(cutName(shownName(node)))}</text>
            {!placed.isCompact && <text x={box.width / 2} y={30} textAnchor="middle" className="map-figures" aria-hidden="true">{flowText(node)}</text>}
          </g>
        )
      })}
    </>
  )
}

function flowText(node: MapNode): string {
  const parts = [node.requestsIn > 0 ? `${countText(node.requestsIn)} in` : '', node.requestsOut > 0 ? `${countText(node.requestsOut)} out` : '']
  return parts.filter((part) => part !== '').join(' · ')
}

/** Nodes that what is pointed at touches; undefined: all. */
function litNodes(edges: readonly MapEdge[], pointed: Pointed): ReadonlySet<string> | undefined {
  if (pointed === undefined) return undefined
  if ('edge' in pointed) return new Set([pointed.edge.from, pointed.edge.to])
  const near = edges.filter((edge) => edge.from === pointed.node || edge.to === pointed.node)
  return new Set([pointed.node, ...near.flatMap((edge) => [edge.from, edge.to])])
}
