import type { MessageRow } from '../../../src/model/api.ts'
import { clockText, dayText } from './instant.ts'
import type { Zone } from './instant.ts'
import { addressText, endpointText } from './endpoint.ts'
import { outcomeTone } from './outcome.ts'
import { protocolBadge } from './protocol-badge.ts'
import { durationText, sizeText } from './units.ts'

/** A column of the list. `term` is the filter that a click on "+" adds. */
export interface Column {
  readonly key: string
  readonly title: string
  /** What it takes at least; and where it has no share, what it takes. */
  readonly leastPx: number
  /** Of the room that is left. */
  readonly share?: number
  readonly isNumber?: boolean
  text(row: MessageRow, zone: Zone): string
  tone?(row: MessageRow): string
  /** Field of the filter language and the value of this row. */
  term?(row: MessageRow): readonly [string, string | number | boolean] | undefined
}

export const COLUMNS: readonly Column[] = [
  { key: 'id', title: 'No.', leastPx: 64, isNumber: true, text: (row) => String(row.id) },
  { key: 'day', title: 'Date', leastPx: 84, text: (row, zone) => dayText(row.atMicros, zone) },
  { key: 'time', title: 'Time', leastPx: 92, text: (row, zone) => clockText(row.atMicros, zone) },
  { key: 'protocol', title: 'Proto', leastPx: 58, text: (row) => protocolBadge(row.protocol), term: (row) => ['protocol', row.protocol] },
  {
    key: 'status', title: 'Status', leastPx: 62, share: 0.8, text: (row) => (row.status === undefined ? '–' : String(row.status)), tone: (row) => outcomeTone(row.outcome),
    term: (row) => (row.status === undefined ? undefined : typeof row.status === 'number' ? ['status_code', row.status] : ['status', row.status]),
  },
  { key: 'what', title: 'What', leastPx: 96, share: 3.6, text: (row) => row.what },
  { key: 'from', title: 'From', leastPx: 60, share: 1.1, text: (row) => withNode(row.client.name ?? row.client.ip, row.way?.nodes?.[0]), term: (row) => (row.way?.from === undefined ? endTerm('src', row.client) : ['from', row.way.from]) },
  { key: 'wire', title: 'Wire', leastPx: 30, text: () => '', term: (row) => (row.way === undefined ? ['hop', row.hop] : undefined) },
  { key: 'to', title: 'To', leastPx: 60, share: 2, text: (row) => withNode(endpointText(row.server), row.way?.nodes?.[1]), term: (row) => (row.way?.to === undefined ? endTerm('dst', row.server) : ['to', row.way.to]) },
  {
    key: 'elapsed', title: 'Duration', leastPx: 62, isNumber: true,
    text: (row) => (row.elapsedMicros === undefined ? '' : durationText(row.elapsedMicros)), tone: () => 'tone-quiet',
  },
  { key: 'sent', title: 'Sent', leastPx: 66, isNumber: true, text: (row) => sizeOf(row.requestBytes), tone: () => 'tone-quiet' },
  { key: 'received', title: 'Received', leastPx: 68, isNumber: true, text: (row) => sizeOf(row.responseBytes), tone: () => 'tone-quiet' },
  { key: 'clientAddress', title: 'Client address', leastPx: 150, text: (row) => addressText(row.client), term: (row) => ['src.ip', row.client.ip] },
  { key: 'serverAddress', title: 'Server address', leastPx: 150, text: (row) => addressText(row.server), term: (row) => ['dst.ip', row.server.ip] },
  { key: 'namespace', title: 'Namespace', leastPx: 110, text: (row) => row.namespace ?? '', term: (row) => (row.namespace === undefined ? undefined : ['netns', row.namespace]) },
  { key: 'interface', title: 'Interface', leastPx: 80, text: (row) => row.interface ?? '', term: (row) => (row.interface === undefined ? undefined : ['interface', row.interface]) },
  { key: 'hop', title: 'Hop', leastPx: 54, text: (row) => row.hop, term: (row) => ['hop', row.hop] },
  { key: 'node', title: 'Node', leastPx: 110, text: (row) => row.way?.nodes?.join(' → ') ?? row.node ?? '' },
  { key: 'flow', title: 'Conn.', leastPx: 60, isNumber: true, text: (row) => String(row.flow) },
]

export const DEFAULT_COLUMNS: readonly string[] = ['time', 'protocol', 'status', 'what', 'from', 'wire', 'to', 'elapsed']

export function columnsOf(keys: readonly string[]): Column[] {
  return COLUMNS.filter((column) => keys.includes(column.key))
}

/** Of a request between two nodes each end has its own. */
function withNode(name: string, node: string | undefined): string {
  return node === undefined ? name : `${name} @ ${node}`
}

function sizeOf(bytes: number | undefined): string {
  return bytes === undefined || bytes === 0 ? '' : sizeText(bytes)
}

function endTerm(side: 'src' | 'dst', end: MessageRow['client']): readonly [string, string] {
  return end.name === undefined ? [`${side}.ip`, end.ip] : [`${side}.name`, end.name]
}
