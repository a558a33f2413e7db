import type { RequestHalf, RequestWay } from '../model/api.ts'

const WHY: Readonly<Record<NonNullable<RequestHalf['doubt']>, string>> = {
  alike: 'requests like it were under way at the same time',
  turns: 'its records were not told from those of others',
  'joined-late': 'the beginning of its connection was not seen',
  lost: 'bytes of its connection were lost before',
  plaintext: 'in plaintext nothing tells one request from the next like it',
  'no-other-end': 'no other node has it',
  differs: 'another node has it with another method, path, status, size or time',
}

/** Of a cluster: why what the node at the other end has seen of a request is not put together with this. */
export function halfNotes(way: RequestWay | undefined): string[] {
  const doubt = way?.half?.doubt
  if (doubt === undefined) return []
  const other = way!.half!.side === 'client' ? 'called' : 'calling'
  return [`not joined with what the ${other} node may have of it: ${WHY[doubt]}`]
}
