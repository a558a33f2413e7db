import type { ApiSchema, Struct } from './schema.ts'
import { structOf } from './schema.ts'
import { CLUSTER } from './schemas/cluster.ts'
import { CONTROLLERS } from './schemas/controllers.ts'
import { DATA } from './schemas/data.ts'
import { GROUPS } from './schemas/groups.ts'
import { SECURITY } from './schemas/security.ts'
import { SHARES } from './schemas/shares.ts'
import { TOPICS } from './schemas/topics.ts'
import { TRANSACTIONS } from './schemas/transactions.ts'

export const PRODUCE = 0
export const FETCH = 1
export const METADATA = 3
export const SASL_HANDSHAKE = 17
export const API_VERSIONS = 18
export const SHARE_FETCH = 78

/** Between brokers until Kafka 4.0, without their fields. */
const NAMED_ONLY: readonly ApiSchema[] = [
  [4, 'LeaderAndIsr', 7, 4], [5, 'StopReplica', 4, 2], [6, 'UpdateMetadata', 8, 6], [7, 'ControlledShutdown', 3, 3],
].map(([key, name, maxVersion, flexibleFrom]) => ({
  key: Number(key), name: String(name), maxVersion: Number(maxVersion), flexibleFrom: Number(flexibleFrom), request: '', response: '',
}))

/** By key, up to Kafka 4.1. */
export const APIS: readonly (ApiSchema | undefined)[] = tableOf([
  ...DATA, ...CLUSTER, ...GROUPS, ...TRANSACTIONS, ...TOPICS, ...SECURITY, ...SHARES, ...CONTROLLERS, ...NAMED_ONLY,
])

function tableOf(apis: readonly ApiSchema[]): (ApiSchema | undefined)[] {
  const table: (ApiSchema | undefined)[] = []
  for (const api of apis) table[api.key] = api
  return table
}

/** Newer clients ask for their newest ApiVersions first, whose beginning never changes. */
const NEWER_API_VERSIONS = 8

/** A kind and version of request that exists, as far as is known. */
export function isKnownRequest(key: number, version: number): boolean {
  const api = APIS[key]
  if (api === undefined) return false
  return version <= api.maxVersion + (key === API_VERSIONS ? NEWER_API_VERSIONS : 0)
}

export function apiName(key: number): string {
  return APIS[key]?.name ?? `api ${key}`
}

/** Whether this version has compact lengths and tagged fields. */
export function isFlexible(key: number, version: number): boolean {
  return version >= (APIS[key]?.flexibleFrom ?? Infinity)
}

const structs = new Map<number, Struct | undefined>()

/** The fields of a request or an answer; undefined where they are not known. */
export function structFor(key: number, version: number, isRequest: boolean): Struct | undefined {
  const id = key * 1024 + version * 2 + (isRequest ? 1 : 0)
  if (!structs.has(id)) structs.set(id, build(key, version, isRequest))
  return structs.get(id)
}

function build(key: number, version: number, isRequest: boolean): Struct | undefined {
  const api = APIS[key]
  if (api === undefined || version > api.maxVersion || NAMED_ONLY.includes(api)) return undefined
  return structOf(isRequest ? api.request : api.response, version, isFlexible(key, version))
}
