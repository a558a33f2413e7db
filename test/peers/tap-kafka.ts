import { APIS } from '../../src/protocols/kafka/apis.ts'
import { errorName } from '../../src/protocols/kafka/errors.ts'
import { tapMessages } from './tap-messages.ts'
import type { Tapped } from './tap-messages.ts'
import type { KafkaPdu } from './tshark-kafka.ts'
import { COMPARED } from './tshark-kafka.ts'

interface Half { apiKey?: number, version?: number, correlationId: number, clientId?: string | null, sizeBytes: number, fields?: object }

const CODES = new Map(Array.from({ length: 200 }, (_, code) => [errorName(code), code]))

/** What we find in a capture; connections are numbered as tshark does, by their first packets. */
export async function tapKafka(path: string): Promise<KafkaPdu[]> {
  const { messages } = await tapMessages(path)
  const ours = messages.filter(({ message }) => message.protocol === 'kafka')
  const flows = [...new Set(ours.map(({ flow }) => flow))].sort((a, b) => a.firstMicros - b.firstMicros)
  return ours.flatMap((tapped) => pdusOf(tapped, String(flows.indexOf(tapped.flow))))
}

function pdusOf({ message }: Tapped, stream: string): KafkaPdu[] {
  const request = message.request as Half | undefined
  const response = message.response as Half | undefined
  const pdus: KafkaPdu[] = []
  if (request !== undefined) pdus.push(pduOf(request, request, stream, true))
  if (request !== undefined && response !== undefined) pdus.push(pduOf(response, request, stream, false))
  return pdus
}

function pduOf(half: Half, request: Half, stream: string, isRequest: boolean): KafkaPdu {
  const { apiKey = -1, version = -1 } = request
  if (APIS[apiKey] === undefined) throw new Error(`unknown api ${apiKey}`)
  return {
    stream, isRequest, key: apiKey, version, correlationId: half.correlationId,
    clientId: isRequest ? half.clientId ?? '' : undefined, sizeBytes: half.sizeBytes, fields: half.fields === undefined ? undefined : fieldsOf(half.fields),
  }
}

function fieldsOf(fields: object): Record<string, string[]> {
  const lists = Object.fromEntries(Object.keys(COMPARED).map((name): [string, string[]] => [name, []]))
  collect(fields, lists)
  return lists
}

function collect(value: unknown, lists: Record<string, string[]>): void {
  if (Array.isArray(value)) for (const one of value) collect(one, lists)
  else if (typeof value === 'object' && value !== null) {
    for (const [name, inner] of Object.entries(value)) {
      const list = lists[recordName(name, value)]
      for (const one of Array.isArray(inner) ? inner : [inner]) {
        if (list !== undefined && (typeof one !== 'object' || one === null)) list.push(textOf(name, one))
      }
      // What consumers say to each other is only bytes to tshark.
      if (typeof inner !== 'object' || inner === null || !('version' in inner)) collect(inner, lists)
    }
  }
}

/** Keys and values of records are told from fields of those names. */
function recordName(name: string, holder: object): string {
  if ('offset' in holder && 'key' in holder) return name === 'key' ? 'recordKey' : name === 'value' ? 'recordValue' : name
  if (name === 'mechanisms') return 'mechanism'
  if (name === 'generationIdOrMemberEpoch') return 'generationId'
  return name === 'name' && Object.keys(holder).length === 2 && 'value' in holder ? 'headerName' : name
}

function textOf(name: string, value: unknown): string {
  return name === 'error' ? String(CODES.get(String(value))) : String(value)
}
