import { Graph, layout } from '@dagrejs/dagre'
import type { MapEdge, MapNode } from '../../../../src/model/api.ts'

export interface Box { readonly x: number, readonly y: number, readonly width: number, readonly height: number }
export interface PlacedNode extends Box { readonly id: string }
export interface PlacedGroup extends Box { readonly name: string }
export interface PlacedEdge { readonly from: string, readonly to: string, readonly path: string, readonly labelX: number, readonly labelY: number }

/** Where everything stands; x and y of boxes are their upper left corners. */
export interface MapLayout {
  readonly width: number
  readonly height: number
  readonly nodes: readonly PlacedNode[]
  readonly groups: readonly PlacedGroup[]
  readonly edges: readonly PlacedEdge[]
}

export const NODE_HEIGHT = 38
const CHAR_PX = 7.2
export const LABEL_WIDTH = 142
export const LABEL_HEIGHT = 34
const MARGIN = 24

/** From left to right in the direction of calls; the same graph always gives the same picture. */
export function layoutMap(nodes: readonly MapNode[], edges: readonly MapEdge[]): MapLayout {
  const graph = new Graph({ compound: true, multigraph: false })
  graph.setGraph({ rankdir: 'LR', nodesep: 26, ranksep: 46, edgesep: 18, marginx: MARGIN, marginy: MARGIN })
  graph.setDefaultEdgeLabel(() => ({}))
  for (const node of nodes) graph.setNode(nodeKey(node.id), { width: nodeWidth(node.name), height: NODE_HEIGHT })
  const groups = [...new Set(nodes.flatMap((node) => node.namespace ?? []))]
  // A frame around everything says nothing.
  for (const name of groups) graph.setNode(groupKey(name), {})
  for (const node of nodes) if (node.namespace !== undefined) graph.setParent(nodeKey(node.id), groupKey(node.namespace))
  for (const edge of edges) graph.setEdge(nodeKey(edge.from), nodeKey(edge.to), { width: LABEL_WIDTH, height: LABEL_HEIGHT, labelpos: 'c' })
  layout(graph)
  const { width = 0, height = 0 } = graph.graph() as { width?: number, height?: number }
  return {
    width, height,
    nodes: nodes.map((node) => ({ id: node.id, ...boxOf(graph.node(nodeKey(node.id)) as Box) })),
    groups: groups.map((name) => ({ name, ...boxOf(graph.node(groupKey(name)) as Box) })),
    edges: edges.map((edge) => placedEdge(edge, graph.edge(nodeKey(edge.from), nodeKey(edge.to)) as DagreEdge)),
  }
}

interface DagreEdge { readonly points: readonly { readonly x: number, readonly y: number }[], readonly x?: number, readonly y?: number }

function placedEdge(edge: MapEdge, placed: DagreEdge): PlacedEdge {
  const middle = placed.points[Math.floor(placed.points.length / 2)]
  return { from: edge.from, to: edge.to, path: curve(placed.points), labelX: placed.x ?? middle?.x ?? 0, labelY: placed.y ?? middle?.y ?? 0 }
}

/** A line through the points, its corners rounded. */
function curve(points: DagreEdge['points']): string {
  const [first, ...rest] = points
  if (first === undefined) return ''
  let path = `M${round(first.x)},${round(first.y)}`
  rest.forEach((point, at) => {
    const next = rest[at + 1]
    path += next === undefined
      ? `L${round(point.x)},${round(point.y)}`
      : `Q${round(point.x)},${round(point.y)} ${round((point.x + next.x) / 2)},${round((point.y + next.y) / 2)}`
  })
  return path
}

function boxOf({ x, y, width, height }: Box): Box {
  return { x: x - width / 2, y: y - height / 2, width, height }
}

function nodeWidth(name: string): number {
  return Math.min(240, Math.max(112, name.length * CHAR_PX + 26))
}

const nodeKey = (id: string): string => `n ${id}`
const groupKey = (name: string): string => `g ${name}`
const round = (value: number): number => Math.round(value * 10) / 10
