import type { EdgeReport } from '../verdict.ts'
import { markup } from './markup.ts'
import { SIGNS, classOf } from './signs.ts'

/** A picture of more edges than these shows nothing. */
const MAX_DRAWN = 200
const NODE_WIDTH = 190
const NODE_HEIGHT = 30
const COLUMN_WIDTH = 330
const ROW_HEIGHT = 46
/** Between lines that join the same two. */
const LANE_HEIGHT = 18
const MARGIN = 16
const MAX_LABEL_CHARS = 26

interface Node { readonly name: string, column: number, row: number }

/** Which of how many lines between the same two. */
interface Lane { readonly index: number, readonly of: number }

/** Who calls whom, from left to right, each line by its verdict (SVG). */
export function edgeMap(edges: readonly EdgeReport[]): string {
  const drawn = edges.slice(0, MAX_DRAWN)
  const nodes = placeNodes(drawn)
  const all = [...nodes.values()]
  const lanes = planLanes(drawn)
  const rowHeight = Math.max(ROW_HEIGHT, ...lanes.map(({ of }) => of * LANE_HEIGHT + NODE_HEIGHT / 2))
  const width = MARGIN * 2 + NODE_WIDTH + Math.max(0, ...all.map(({ column }) => column)) * COLUMN_WIDTH
  const height = MARGIN * 2 + NODE_HEIGHT + Math.max(0, ...all.map(({ row }) => row)) * rowHeight + (rowHeight - ROW_HEIGHT)
  return [
    `<svg class="map" role="img" aria-label="who calls whom" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}">`,
    ...drawn.map((edge, i) => drawEdge(edge, nodes.get(edge.client)!, nodes.get(edge.server)!, lanes[i]!, rowHeight)), ...all.map((node) => drawNode(node, rowHeight)), '</svg>',
    ...(drawn.length < edges.length ? [`<p class="clear">${edges.length - drawn.length} further edges are not drawn.</p>`] : []),
  ].join('\n')
}

/** Callers stand left of whom they call; in a circle the order of the edges decides. */
function placeNodes(edges: readonly EdgeReport[]): Map<string, Node> {
  const names = [...new Set(edges.flatMap(({ client, server }) => [client, server]))]
  const nodes = new Map(names.map((name): [string, Node] => [name, { name, column: 0, row: 0 }]))
  for (let pass = 0; pass < Math.min(names.length, 12); pass++) {
    let moved = false
    for (const { client, server } of edges) {
      const from = nodes.get(client)!
      const to = nodes.get(server)!
      if (from === to || to.column > from.column || from.column >= 11) continue
      to.column = from.column + 1
      moved = true
    }
    if (!moved) break
  }
  const rows: number[] = []
  for (const node of nodes.values()) {
    const row = rows[node.column] ?? 0
    rows[node.column] = row + 1
    node.row = row
  }
  return nodes
}

function left({ column }: Node): number {
  return MARGIN + column * COLUMN_WIDTH
}

function middle({ row }: Node, rowHeight: number): number {
  return MARGIN + row * rowHeight + (rowHeight - ROW_HEIGHT) / 2 + NODE_HEIGHT / 2
}

function planLanes(edges: readonly EdgeReport[]): Lane[] {
  const counts = new Map<string, number>()
  const indexes = edges.map(({ client, server }) => {
    const key = `${client} ${server}`
    const index = counts.get(key) ?? 0
    counts.set(key, index + 1)
    return index
  })
  return edges.map(({ client, server }, i) => ({ index: indexes[i]!, of: counts.get(`${client} ${server}`)! }))
}

function drawEdge(edge: EdgeReport, from: Node, to: Node, lane: Lane, rowHeight: number): string {
  const [x1, y1, x2, y2] = [left(from) + NODE_WIDTH, middle(from, rowHeight), left(to), middle(to, rowHeight)]
  const offset = (lane.index - (lane.of - 1) / 2) * LANE_HEIGHT
  if (from === to) return drawLoop(edge, x1, y1, lane)
  const bend = Math.max(60, Math.abs(x2 - x1) / 2)
  const path = `M${x1} ${y1} C${x1 + bend} ${y1 + offset * 1.35} ${x2 - bend} ${y2 + offset * 1.35} ${x2} ${y2}`
  const label = `${SIGNS[edge.verdict].sign.trim()} :${edge.port}`
  return `<g class="${classOf(edge.verdict)}"><title>${markup(`${edge.client} → ${edge.server}:${edge.port}: ${edge.verdict}`)}</title><path d="${path}"/>`
    + `<text class="port" x="${(x1 + x2) / 2}" y="${(y1 + y2) / 2 + offset - 4}" text-anchor="middle">${markup(label)}</text></g>`
}

/** Somebody who calls himself. */
function drawLoop(edge: EdgeReport, x: number, y: number, { index }: Lane): string {
  const reach = 50 + index * LANE_HEIGHT
  return `<g class="${classOf(edge.verdict)}"><title>${markup(`${edge.client} → ${edge.server}:${edge.port}: ${edge.verdict}`)}</title><path d="M${x} ${y - 6} C${x + reach} ${y - 34} ${x + reach} ${y + 34} ${x} ${y + 6}"/>`
    + `<text class="port" x="${x + reach * 0.8}" y="${y + 4}">${markup(`:${edge.port}`)}</text></g>`
}

function drawNode(node: Node, rowHeight: number): string {
  const label = node.name.length > MAX_LABEL_CHARS ? `${node.name.slice(0, MAX_LABEL_CHARS - 1)}…` : node.name
  return `<g><title>${markup(node.name)}</title><rect x="${left(node)}" y="${middle(node, rowHeight) - NODE_HEIGHT / 2}" width="${NODE_WIDTH}" height="${NODE_HEIGHT}" rx="4"/>`
    + `<text x="${left(node) + NODE_WIDTH / 2}" y="${middle(node, rowHeight) + 4.5}" text-anchor="middle">${markup(label)}</text></g>`
}
