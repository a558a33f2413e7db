import type { DatabaseSync } from 'node:sqlite'
import type { ValueList } from '../model/api.ts'
import { OUTCOMES } from './record-columns.ts'

/** So many of the newest messages are looked at: what people look for happened lately. */
const MAX_LOOKED_AT = 50_000

const OF_FLOWS: Readonly<Record<string, string>> = {
  from: 'coalesce((SELECT nullif(sender, \'\') FROM ways WHERE ways.id = recent.id), nullif(client_name, \'\'), client_ip)',
  to: 'coalesce((SELECT nullif(receiver, \'\') FROM ways WHERE ways.id = recent.id), nullif(server_name, \'\'), server_ip)',
  'src.ip': 'client_ip', 'src.port': 'client_port', 'src.name': 'client_name', 'dst.ip': 'server_ip', 'dst.port': 'server_port', 'dst.name': 'server_name',
  capture: 'capture', hop: 'hop', netns: 'namespace', interface: 'interface',
}

const OF_MESSAGES: Readonly<Record<string, string>> = {
  protocol: '(SELECT name FROM protocols WHERE protocols.id = recent.protocol)', status: 'CASE code WHEN -1 THEN status ELSE code END', status_code: 'max(code, 0)', outcome: 'outcome',
}

/** Values of a field among the newest messages, most frequent first. */
export function seenValues(db: DatabaseSync, field: string, prefix: string, limit: number): ValueList['values'] {
  const ofFlow = OF_FLOWS[field]
  const expression = ofFlow ?? OF_MESSAGES[field]
  if (expression === undefined) return []
  const recent = `(SELECT * FROM messages WHERE id > (SELECT max(id) FROM messages) - ${MAX_LOOKED_AT}) AS recent`
  const rows = db.prepare(`SELECT ${expression} AS value, count(*) AS count FROM ${recent}${ofFlow === undefined ? '' : ' JOIN flows ON flows.id = recent.flow'}
    GROUP BY value ORDER BY count DESC LIMIT 2000`).all() as { value: string | number, count: number }[]
  const wanted = prefix.toLowerCase()
  return rows
    .map(({ value, count }) => ({ value: field === 'outcome' ? OUTCOMES[value as number] ?? 'none' : value, count }))
    .filter(({ value }) => value !== '' && String(value).toLowerCase().startsWith(wanted))
    .slice(0, limit)
}
