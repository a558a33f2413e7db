import { all, bytesOf, first, packetsOf } from './pdml.ts'
import type { Field } from './pdml.ts'

/** One request or answer, as both see it. Lists in the order of the wire. */
export interface KafkaPdu {
  readonly stream: string
  readonly isRequest: boolean
  readonly key: number
  readonly version: number
  readonly correlationId: number
  readonly clientId: string | undefined
  readonly sizeBytes: number
  /** Undefined where tshark does not know the version, or cannot take it apart. */
  readonly fields: Record<string, string[]> | undefined
}

/** Our names of what is compared, and tshark's. */
export const COMPARED: Readonly<Record<string, string>> = {
  topic: 'kafka.topic_name', error: 'kafka.error', groupId: 'kafka.consumer_group', memberId: 'kafka.member_id', host: 'kafka.host', port: 'kafka.port',
  leaderId: 'kafka.leader_id', acks: 'kafka.required_acks', throttleTimeMs: 'kafka.throttle_time', clusterId: 'kafka.cluster_id',
  producerId: 'kafka.producer_id', mechanism: 'kafka.sasl_mechanism', sessionId: 'kafka.fetch_session_id', headerName: 'kafka.header_key',
  apiKey: 'kafka.api_versions.api_key', recordKey: 'kafka.message_key', recordValue: 'kafka.message_value',
  generationId: 'kafka.generation_id', isrNodes: 'kafka.isr_id',
}

/** What stands for no producer; we leave it out. And of control records we show what they mean instead of their bytes, which have zeros. */
const NO_PRODUCER = '-1'

/** The newest versions that tshark 4.0 knows, by key; it reads newer ones as if they were these. */
const NEWEST: Readonly<Record<number, number>> = {
  0: 8, 1: 11, 2: 5, 3: 9, 8: 8, 9: 7, 10: 3, 11: 7, 12: 4, 13: 4, 14: 5, 15: 5, 16: 3, 17: 1, 18: 3, 19: 5, 20: 4, 22: 3, 36: 2, 42: 2, 44: 1,
}

/** What tshark finds in a capture. */
export function tsharkKafka(path: string, ports: readonly number[]): KafkaPdu[] {
  return packetsOf(path, 'kafka', ports.flatMap((port) => ['-d', `tcp.port==${port},kafka`])).flatMap((packet) => {
    const stream = first(packet, 'tcp.stream')?.show ?? ''
    return packet.fields.filter((proto) => proto.name === 'kafka').map((proto) => pduOf(proto, stream))
  })
}

function pduOf(proto: Field, stream: string): KafkaPdu {
  const number = (name: string): number => Number(first(proto, name)?.show ?? NaN)
  const isRequest = first(proto, 'kafka.client_id') !== undefined
  const key = number(isRequest ? 'kafka.api_key' : 'kafka.response_key')
  const version = number(isRequest ? 'kafka.api_version' : 'kafka.response.version')
  return {
    stream, isRequest, key, version, correlationId: number('kafka.correlation_id'),
    clientId: first(proto, 'kafka.client_id')?.show, sizeBytes: number('kafka.len'), fields: isReadable(proto, key, version) ? fieldsOf(proto) : undefined,
  }
}

function isReadable(proto: Field, key: number, version: number): boolean {
  const isBroken = ['_ws.malformed', 'kafka.pdu_length_mismatch'].some((name) => first(proto, name) !== undefined)
  return !isBroken && version <= (NEWEST[key] ?? -1)
}

function fieldsOf(proto: Field): Record<string, string[]> {
  return Object.fromEntries(Object.entries(COMPARED).map(([ours, theirs]) => [ours, all(proto, theirs).map(textOf).filter((text) => ours === 'producerId' ? text !== NO_PRODUCER : !text.includes('\0'))]))
}

/** Keys and values of records are bytes to it. */
function textOf(field: Field): string {
  return field.name === 'kafka.message_key' || field.name === 'kafka.message_value' ? bytesOf(field).toString('utf8') : field.show
}
