import type { MessageRow } from '../../../src/model/api.ts'

/** A row as the list shows it: of a request whose hops were joined from workload to workload, with the lock of the wire between; or only its own hop. */
export function requestRow({ way, ...row }: MessageRow, isJoined: boolean): MessageRow {
  if (way === undefined || !isJoined) return row
  const { from, to, verdict } = way
  return { ...row, way, verdict, client: from === undefined ? row.client : { ...row.client, name: from }, server: to === undefined ? row.server : { ...row.server, name: to } }
}
