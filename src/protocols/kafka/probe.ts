import type { Probe } from '../protocol.ts'
import { judgeRequest } from './judge.ts'

/** A whole request of a known kind and version, or its first 512 bytes: the header and every field must fit. Answers tell nothing by themselves. */
export function probe(client: Uint8Array, server: Uint8Array): Probe {
  if (client.length > 0) return judgeRequest(client, 0)
  return server.length > 0 ? 'no' : 'more'
}
