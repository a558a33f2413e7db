import type { JsonRecord } from '../../model/api.ts'
import { emptyHealth } from '../../model/health.ts'
import type { PartKind } from '../../store/search-part.ts'
import type { RemoteMethod } from './agent-api.ts'
import type { Shape } from './answer-shape.ts'
import { anything, either, list, maybe, members, natural, number, record, text, whole, yesNo } from './answer-shape.ts'

/** What agents answer, checked before it is used: a node may have been taken over, and an agent be of another version. */
const ENDPOINT = members({ ip: text, port: natural, name: maybe(text) })
const SIDE: Shape = (value) => value === 'client' || value === 'server'
const ROW = members({
  id: natural, atMicros: natural, protocol: text, what: text, status: maybe(either(number, text)), outcome: text, elapsedMicros: maybe(number), requestBytes: maybe(number), responseBytes: maybe(number),
  flow: natural, flowId: text, client: ENDPOINT, server: ENDPOINT, capture: text, hop: text, namespace: maybe(text), interface: maybe(text), decrypted: maybe(yesNo), complete: yesNo, handshake: maybe(natural),
  way: maybe(members({ from: maybe(text), to: maybe(text), verdict: text, hops: number, half: maybe(members({ side: SIDE, key: maybe(text), doubt: maybe(text) })) })),
})
const JSON_RECORD = members({
  at: text, protocol: text, capture: text, hop: text, namespace: maybe(text), interface: maybe(text), flow: text, client: ENDPOINT, server: ENDPOINT, elapsedMicros: maybe(number), what: text,
  status: maybe(either(number, text)), outcome: text, complete: yesNo, notes: maybe(list(text)), request: maybe(members({})), response: maybe(members({})),
})
const RECORD = members({ row: ROW, line: isRecordLine })
const COUNTS = list(natural)
const SEARCHING = maybe(members({ scanned: natural, of: natural }))
const EDGE = members({
  from: text, fromIp: text, to: text, toIp: text, toPort: natural, hop: text, namespace: text, capture: text, protocol: text, verdict: maybe(text), requests: natural, errors: natural, bytes: number, latencies: COUNTS,
  firstMicros: number, lastMicros: number, handshakes: COUNTS,
})
const GROUP = members({ name: text, requests: COUNTS, errors: COUNTS, bytes: list(number), latencies: list(COUNTS) })
const KEEP = members({ sizeBytes: maybe(number), ageSeconds: maybe(number), usedBytes: natural, removedMessages: natural, removedPacketBytes: natural, problem: maybe(text) })

export const STORE_SHAPES: Readonly<Record<RemoteMethod, Shape>> = {
  records: list(RECORD),
  batch: members({ records: list(RECORD), next: maybe(natural) }),
  connection: members({ records: list(RECORD), total: natural }),
  witnesses: COUNTS,
  values: list(members({ value: either(text, number, yesNo), count: natural })),
  edges: members({ value: list(EDGE), searching: SEARCHING }),
  series: members({ value: members({ fromMicros: number, stepMicros: number, groups: list(GROUP), omittedGroups: natural }), searching: SEARCHING }),
  info: members({ stored: natural, firstId: natural, lastId: natural, firstMicros: maybe(number), lastMicros: maybe(number), firstIdMicros: maybe(number), keep: KEEP, rejected: natural }),
}

export const PART_SHAPES: Readonly<Record<PartKind, Shape>> = {
  look: members({
    search: number, start: whole, end: whole, searching: maybe(members({ scanned: natural, of: natural, downToMicros: natural })), lastId: natural, stored: natural, furtherHops: natural,
    tail: list(ROW), after: maybe(whole),
  }),
  rows: members({ search: number, rows: list(ROW) }),
  times: members({ search: number, times: list(natural) }),
  at: members({ search: number, position: whole }),
  of: members({ search: number, position: whole, isThere: yesNo, atMicros: maybe(natural) }),
  crossings: members({ search: number, found: list(members({ position: whole, row: ROW })) }),
  ends: members({
    search: number, within: members({ from: whole, to: whole, decidedTo: whole }), ways: list(members({ from: maybe(text), to: maybe(text), verdict: text })),
    blocks: list(members({ block: text, side: SIDE, count: natural, digest: natural, way: whole, atMicros: natural, elapsedMicros: natural })),
    ends: list(members({ key: text, side: SIDE, way: natural, subject: natural, atMicros: natural, elapsedMicros: maybe(number), requestBytes: maybe(number), responseBytes: maybe(number), complete: yesNo })),
    keyed: members({ client: natural, server: natural }), unkeyed: members({ client: natural, server: natural }),
  }),
}

export const HELLO: Shape = members({
  kind: (value) => value === 'hello', node: text, version: text, store: natural, slot: maybe(natural), packets: yesNo, replay: yesNo, redaction: list(text, 10_000), crossings: maybe(yesNo),
})
const COUNTED = Object.fromEntries(Object.entries(emptyHealth()).filter(([, value]) => typeof value === 'number').map(([name]) => [name, number]))
const HEALTH = members({
  ...COUNTED, limits: record(number, 1000), namespaces: list(members({ name: text, capture: text, interfaces: list(text), packets: number, droppedByKernel: number }), 10_000),
  refused: list(members({ name: text, why: text }), 10_000),
})
export const STATE: Shape = members({ kind: (value) => value === 'state', nowMicros: natural, lastId: natural, decidedTo: maybe(natural), health: maybe(HEALTH), keep: maybe(KEEP), droppedLines: maybe(natural) })
export const PACKETS: Shape = members({
  packets: list(members({ number, atMicros: number, from: ENDPOINT, to: ENDPOINT, payloadBytes: number, wireBytes: number, base64: text, flags: maybe(text), sequence: maybe(number), interface: maybe(text) })),
  more: yesNo, notes: list(text),
})
export const ANY: Shape = anything

function isRecordLine(value: unknown): boolean {
  if (typeof value !== 'string') return false
  try {
    return JSON_RECORD(JSON.parse(value) as JsonRecord)
  } catch {
    return false
  }
}
