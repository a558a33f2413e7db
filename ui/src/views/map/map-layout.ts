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
  readonly isCompact: boolean
}

/** Sizes of a picture with few edges, whose labels say all, and of one with many, where the label of an edge unfolds when it is pointed at. */
const FULL = { nodeHeight: 38, charPx: 7.2, leastWidth: 112, label: { width: 142, height: 34 }, spacing: { nodesep: 26, ranksep: 46, edgesep: 18 } }
const COMPACT = { nodeHeight: 30, charPx: 9.2, leastWidth: 56, label: { width: 78, height: 20 }, spacing: { nodesep: 16, ranksep: 30, edgesep: 10 } }
/** Edges beyond which labels are folded. */
const MOST_LABELS = 14
const MOST_WIDTH = 310
const MARGIN = 24

export type LabelSize = typeof FULL.label
export const FULL_LABEL: LabelSize = FULL.label
export const COMPACT_LABEL: LabelSize = COMPACT.label

/** From left to right in the direction of calls; the same graph always gives the same picture. */
export function layoutMap(nodes: readonly MapNode[], edges: readonly MapEdge[]): MapLayout {
  const isCompact = edges.length > MOST_LABELS
  const { nodeHeight, charPx, leastWidth, label, spacing } = isCompact ? COMPACT : FULL
  const graph = new Graph({ compound: true, multigraph: false })
  graph.setGraph({ rankdir: 'LR', ...spacing, marginx: MARGIN, marginy: MARGIN })
  graph.setDefaultEdgeLabel(() => ({}))
  for (const node of nodes) {
    const width = Math.min(MOST_WIDTH, Math.max(leastWidth, cutName(shownName(node)).length * charPx + 26))
    graph.setNode(nodeKey(node.id), { width, height: nodeHeight })
  }
  const groups = [...new Set(nodes.flatMap((node) => node.namespace ?? []))]
  for (const name of groups) graph.setNode(groupKey(name), {})
  for (const node of nodes) if (node.namespace !== undefined) graph.setParent(nodeKey(node.id), groupKey(node.namespace))
  for (const edge of edges) graph.setEdge(nodeKey(edge.from), nodeKey(edge.to), { ...label, labelpos: 'c' })
  layout(graph)
  const { width = 0, height = 0 } = graph.graph() as { width?: number, height?: number }
  return {
    width, height, isCompact,
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

/** Within the frame of its namespace a node need not say which that is. */
export function shownName({ name, namespace }: Pick<MapNode, 'name' | 'namespace'>): string {
  return namespace !== undefined && name.endsWith(`.${namespace}`) ? name.slice(0, -namespace.length - 1) : name
}

const MAX_CHARS = 30

/** Long names keep both of their ends. */
export function cutName(name: string): string {
  return name.length <= MAX_CHARS ? name : `${name.slice(0, MAX_CHARS / 2 - 1)}…${name.slice(-MAX_CHARS / 2)}`
}

const nodeKey = (id: string): string => `n ${id}`
const groupKey = (name: string): string => `g ${name}`
const round = (value: number): number => Math.round(value * 10) / 10
