import type { Outcome } from '../../model/message.ts'
import type { HttpCall, HttpHeads, Lens, LensView } from '../http/lens.ts'
import { essenceOf } from '../http/media-type.ts'
import type { Settings } from '../protocol.ts'
import { redactorOf } from '../redaction.ts'
import { MAX_BATCH, MAX_ERRORS, WANTED_ANSWER_BYTES, WANTED_BYTES, WANTED_ELSEWHERE_BYTES } from './limits.ts'
import type { GraphqlRequests } from './request.ts'
import { JSON_TYPES, parseRequests } from './request.ts'
import type { GraphqlResponse, GraphqlResponses } from './response.ts'
import { outcomeOf, parseResponses } from './response.ts'
import { requestsText, requestsView, responsesView } from './view.ts'

/** GraphQL over HTTP: its operations, variables and errors. Found by what is in the request, on any path. */
export const graphqlLens: Lens = {
  name: 'graphql',
  wantedBytes: (heads) => heads.method !== 'POST' ? 0 : speaksOfGraphql(heads) ? WANTED_BYTES : WANTED_ELSEWHERE_BYTES,
  wantedAnswerBytes: (heads) => speaksOfGraphql(heads) ? WANTED_ANSWER_BYTES : 0,
  claims,
  look,
}

/** The path or a media type says so. Else only the content may. */
function speaksOfGraphql({ target, requestType }: HttpHeads): boolean {
  const mark = target.indexOf('?')
  return /graphql|\/gql\b/i.test(mark < 0 ? target : target.slice(0, mark)) || requestType.includes('graphql')
}

const QUERY_PARAMETER = /[?&](?:query|extensions)=/

function claims(heads: HttpHeads): boolean {
  const { method } = heads
  if (method === 'GET') return QUERY_PARAMETER.test(heads.target)
  if (method !== 'POST') return false
  const { requestType } = heads
  if (requestType === 'application/json') return true
  const type = essenceOf(requestType)
  return JSON_TYPES.has(type) || type === 'application/graphql' || (type === 'multipart/form-data' && speaksOfGraphql(heads))
}

function look(call: HttpCall, settings: Settings): LensView | undefined {
  const asked = parseRequests(call)
  if (asked === undefined) return undefined
  const answered = call.response && parseResponses(call.response)
  const redactor = redactorOf(settings.redaction)
  const showsValues = settings.bodyLimitBytes > 0
  const failed = failedAnswers(answered)
  const path = call.target.split('?', 1)[0]!
  const hasFailed = failed.length > 0 && failed.length === answered!.responses.length
  return {
    what: redactor.text(requestsText(asked)) + (/^\/graphql\/?$/.test(path) ? '' : ` ${redactor.target(path)}`),
    status: hasFailed && (call.status ?? 0) < 400 ? failed[0]!.errors.find(({ code }) => code !== undefined)?.code ?? 'error' : call.status,
    outcome: hasFailed ? outcomeOf(failed[0]!, call.status) : outcomeOfStatus(call.status),
    notes: notesOf(call, asked, answered),
    request: requestsView(asked, redactor, showsValues),
    response: answered && responsesView(answered, redactor, showsValues),
    showsBody: showsValues && showsAll(call, asked, answered),
  }
}

/** Nothing is in the bodies that the views do not have. */
function showsAll(call: HttpCall, asked: GraphqlRequests, answered: GraphqlResponses | undefined): boolean {
  if (!asked.isWhole || (asked.carrier !== 'json' && asked.carrier !== 'query') || asked.requests.some(({ hasMore }) => hasMore)) return false
  if (call.response === undefined || call.response.bodyBytes === 0) return true
  return answered?.isWhole === true && !answered.responses.some(({ hasMore }) => hasMore)
}

/** Answers with errors and without data. */
function failedAnswers(answered: GraphqlResponses | undefined): GraphqlResponse[] {
  return answered === undefined ? [] : answered.responses.filter(({ errors, hasData }) => errors.length > 0 && !hasData)
}

const OUTCOMES: readonly Outcome[] = ['none', 'info', 'ok', 'redirect', 'client-error', 'server-error']

function outcomeOfStatus(status: number | undefined): Outcome {
  return OUTCOMES[Math.floor((status ?? 0) / 100)] ?? 'none'
}

function notesOf(call: HttpCall, asked: GraphqlRequests, answered: GraphqlResponses | undefined): string[] {
  const notes: string[] = []
  if (!asked.isWhole) notes.push('graphql: only the beginning of the request was read')
  if (asked.requests.length === MAX_BATCH) notes.push(`graphql: of a batch only ${MAX_BATCH} operations are shown`)
  if (call.response !== undefined && answered === undefined && call.response.bodyIsWhole && call.response.bodyBytes > 0) notes.push('graphql: the response is no JSON')
  for (const { errors, moreErrors, hasData } of answered?.responses ?? []) {
    if (hasData && errors.length > 0) notes.push(`graphql: partial data, ${errors.length + moreErrors} ${errors.length + moreErrors === 1 ? 'error' : 'errors'}`)
    if (moreErrors > 0) notes.push(`graphql: only ${MAX_ERRORS} errors are shown`)
  }
  return notes
}
