import { API_VERSIONS, FETCH, METADATA, PRODUCE, SHARE_FETCH, apiName } from './apis.ts'
import type { Exchange } from './exchange.ts'
import type { Half } from './half.ts'
import { SASL_TOKEN } from './half.ts'
import type { Line } from './line.ts'
import { MAX_NAMED_PARTITIONS } from './limits.ts'
import type { RecordsView } from './records-view.ts'
import { SUBJECTS } from './schema.ts'
import type { Values } from './values.ts'

const END_TXN = 26
/** `Produce orders[0] 3 records`. */
export function summaryOf(exchange: Exchange): string {
  const { asked, answer } = exchange
  if (asked === undefined) return answer!.key === SASL_TOKEN ? 'SaslToken' : 'response without request'
  if (asked.line !== undefined) return words(apiName(asked.key), asked.key === PRODUCE ? words(asked.line.partitions, countText(asked.line)) : fetchText(exchange))
  if (asked.key === SASL_TOKEN) return words('SaslToken', userOf(exchange.askedBody!.values))
  const values = exchange.askedBody!.values
  if (values === undefined) return `${apiName(asked.key)} v${asked.version}`
  return words(apiName(asked.key), aboutOf(exchange, asked.key, values))
}

function words(first: string, second: string): string {
  if (first === '') return second
  return second === '' ? first : `${first} ${second}`
}

function userOf(values: Values | undefined): string {
  const user = values?.['user']
  return typeof user === 'string' ? user : ''
}

function aboutOf(exchange: Exchange, key: number, values: Values): string {
  switch (key) {
    case PRODUCE: return words(partitionsText(topicsOf(values)), recordsText(topicsOf(values)))
    case FETCH: case SHARE_FETCH: return fetchText(exchange)
    case METADATA: return metadataText(values)
    case API_VERSIONS: return words(nameOf(values['clientSoftwareName']), nameOf(values['clientSoftwareVersion']))
    case END_TXN: return words(subjectOf(values), values['committed'] === true ? 'commit' : 'abort')
    default: return words(subjectOf(values), partitionsText(topicsOf(values)))
  }
}

function subjectOf(values: Values): string {
  for (const name of SUBJECTS) {
    const text = subjectText(values[name])
    if (text !== '') return text
  }
  return ''
}

function subjectText(value: unknown): string {
  if (Array.isArray(value)) return listText(value.map((one: unknown) => typeof one === 'object' && one !== null ? nameOf((one as Values)['groupId'] ?? (one as Values)['resourceName']) : nameOf(one)))
  return nameOf(value)
}

function nameOf(value: unknown): string {
  return typeof value === 'string' ? value : typeof value === 'number' ? String(value) : ''
}

function listText(names: readonly string[]): string {
  if (names.length === 1) return names[0]!
  const shown = names.slice(0, MAX_NAMED_PARTITIONS).join(', ')
  return names.length > MAX_NAMED_PARTITIONS ? `${shown} +${names.length - MAX_NAMED_PARTITIONS}` : shown
}

/** Of a request or an answer; those of the groups of OffsetFetch, too. */
function topicsOf(values: Values): readonly Values[] {
  const topics = values['topics'] ?? values['topicNames'] ?? values['subscribedTopicNames'] ?? firstGroup(values)['topics']
  if (!Array.isArray(topics)) return []
  if (topics.every((topic: unknown) => typeof topic === 'object' && topic !== null)) return topics as Values[]
  return topics.map((topic: unknown) => typeof topic === 'object' && topic !== null ? topic as Values : { topic })
}

function firstGroup(values: Values): Values {
  const groups = values['groups']
  const first: unknown = Array.isArray(groups) ? groups[0] : undefined
  return typeof first === 'object' && first !== null ? first as Values : {}
}

/** `orders[0], orders[1] +3`; `only` those partitions. */
function partitionsText(topics: readonly Values[], only?: (partition: Values) => boolean): string {
  const named: string[] = []
  for (const topic of topics) {
    const name = nameOf(topic['topic'] ?? topic['topicId'])
    const partitions = topic['partitions'] ?? topic['partitionIndexes']
    if (!Array.isArray(partitions) || partitions.length === 0) {
      if (only === undefined) named.push(name)
      continue
    }
    for (const partition of partitions as unknown[]) {
      if (typeof partition === 'number') named.push(`${name}[${partition}]`)
      else if (only === undefined || only(partition as Values)) named.push(`${name}[${nameOf((partition as Values)['partition'])}]`)
    }
  }
  return listText(named)
}

function recordsText(topics: readonly Values[]): string {
  let count = 0
  let isAtLeast = false
  for (const topic of topics) {
    for (const partition of partsOf(topic)) {
      const records = recordsOf(partition)
      count += records?.count ?? 0
      isAtLeast ||= records?.isAtLeast === true
    }
  }
  return numberText(count, isAtLeast)
}

function countText({ records, isAtLeast }: Line): string {
  return numberText(records, isAtLeast)
}

function numberText(count: number, isAtLeast: boolean): string {
  return `${count}${isAtLeast ? '+' : ''} record${count === 1 && !isAtLeast ? '' : 's'}`
}

function partsOf(topic: Values): readonly Values[] {
  const partitions = topic['partitions']
  return Array.isArray(partitions) ? partitions as Values[] : []
}

function recordsOf(partition: Values): RecordsView | undefined {
  const records = partition['records']
  return typeof records === 'object' && records !== null ? records as RecordsView : undefined
}

/** The partitions that records came from, else those that were asked for. */
function fetchText(exchange: Exchange): string {
  const { asked, answer } = exchange
  const answered = answer?.line === undefined ? topicsOf(exchange.answerBody?.values ?? {}) : []
  const some = answer?.line?.partitions ?? partitionsText(answered, (partition) => (recordsOf(partition)?.sizeBytes ?? 0) > 0)
  const about = some === '' ? askedText(exchange, asked!) : some
  if (about === '' && epochOf(exchange, asked!) === -1) return 'end of session'
  if (answer === undefined) return about
  return words(about, answer.line === undefined ? recordsText(answered) : countText(answer.line))
}

/** What was asked for; within a session that may have been said long ago. */
function askedText(exchange: Exchange, { line, session }: Half): string {
  const text = line?.partitions ?? partitionsText(topicsOf(exchange.askedBody!.values ?? {}))
  if (text !== '' || session === undefined) return text
  return session.line?.partitions ?? partitionsText(topicsOf(exchange.sessionBody?.values ?? {}))
}

function epochOf(exchange: Exchange, { line }: Half): unknown {
  return line === undefined ? exchange.askedBody!.values?.['sessionEpoch'] : line.number
}

function metadataText(values: Values): string {
  const { topics } = values
  if (topics === null || topics === undefined) return 'all topics'
  return topicsOf(values).length === 0 ? '' : partitionsText(topicsOf(values))
}
