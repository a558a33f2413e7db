import type { Outcome } from '../../model/message.ts'
import type { HttpCall, HttpHeads, Lens, LensView } from '../http/lens.ts'
import { essenceOf } from '../http/media-type.ts'
import type { Settings } from '../protocol.ts'
import type { Redactor } from '../redaction.ts'
import { redactorOf } from '../redaction.ts'
import { MAX_BATCH, MAX_ERRORS, WANTED_ANSWER_BYTES, WANTED_BYTES, WANTED_ELSEWHERE_BYTES } from './limits.ts'
import type { GraphqlRequests } from './request.ts'
import { JSON_TYPES, parseRequests } from './request.ts'
import type { GraphqlResponse, GraphqlResponses } from './response.ts'
import { mayHaveErrors, outcomeOf, parseResponses } from './response.ts'
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
  return targetSpeaksOfGraphql(target) || requestType.includes('graphql')
}

/** The latest target: it is asked for more than once. */
const asked = { target: '', speaks: false }

function targetSpeaksOfGraphql(target: string): boolean {
  if (target === asked.target) return asked.speaks
  const mark = target.indexOf('?')
  asked.target = target
  return asked.speaks = /graphql|\/gql\b/i.test(mark < 0 ? target : target.slice(0, mark))
}

const QUERY_PARAMETER = /[?&](?:query|extensions)=/

function claims(heads: HttpHeads): boolean {
  const { method } = heads
  if (method === 'GET') {
    const { target } = heads
    return target.includes('?') && QUERY_PARAMETER.test(target)
  }
  if (method !== 'POST') return false
  const { requestType } = heads
  if (requestType === 'application/json') return true
  const type = essenceOf(requestType)
  return JSON_TYPES.has(type) || type === 'application/graphql' || (type === 'multipart/form-data' && speaksOfGraphql(heads))
}

function look(call: HttpCall, settings: Settings): LensView | undefined {
  const asked = parseRequests(call)
  return asked && new GraphqlView(call, asked, settings)
}

/** What a line shows is made at once; the rest for those who ask. */
class GraphqlView implements LensView {
  readonly what: string
  readonly status: number | string | undefined
  readonly outcome: Outcome
  readonly #call: HttpCall
  readonly #settings: Settings
  readonly #asked: GraphqlRequests
  #hasParsed = false
  #responses: GraphqlResponses | undefined

  constructor(call: HttpCall, asked: GraphqlRequests, settings: Settings) {
    this.#call = call
    this.#settings = settings
    this.#asked = asked
    const failed = call.response !== undefined && mayHaveErrors(call.response) ? failedAnswer(this.#answered) : undefined
    this.what = whatOf(asked, call.target, redactorOf(settings.redaction))
    this.status = failed !== undefined && (call.status ?? 0) < 400 ? failed.errors.find(({ code }) => code !== undefined)?.code ?? 'error' : call.status
    this.outcome = failed === undefined ? outcomeOfStatus(call.status) : outcomeOf(failed, call.status)
  }

  get #answered(): GraphqlResponses | undefined {
    if (!this.#hasParsed) {
      this.#hasParsed = true
      const { response } = this.#call
      this.#responses = response && parseResponses(response)
    }
    return this.#responses
  }

  get notes(): string[] {
    return notesOf(this.#call, this.#asked, this.#answered)
  }

  get request(): object {
    return requestsView(this.#asked, redactorOf(this.#settings.redaction), this.#showsValues)
  }

  get response(): object | undefined {
    const answered = this.#answered
    return answered && responsesView(answered, redactorOf(this.#settings.redaction), this.#showsValues)
  }

  get showsBody(): boolean {
    return this.#showsValues && showsAll(this.#call, this.#asked, this.#answered)
  }

  get #showsValues(): boolean {
    return this.#settings.bodyLimitBytes > 0
  }
}

const ORDINARY_PATH = /^\/graphql\/?$/

function whatOf(asked: GraphqlRequests, target: string, redactor: Redactor): string {
  const text = redactor.text(requestsText(asked))
  const mark = target.indexOf('?')
  const path = mark < 0 ? target : target.slice(0, mark)
  return ORDINARY_PATH.test(path) ? text : `${text} ${redactor.target(path)}`
}

/** Nothing is in the bodies that the views do not have. */
function showsAll(call: HttpCall, asked: GraphqlRequests, answered: GraphqlResponses | undefined): boolean {
  if (!asked.isWhole || (asked.carrier !== 'json' && asked.carrier !== 'query') || asked.requests.some(({ hasMore }) => hasMore)) return false
  if (call.response === undefined || call.response.bodyBytes === 0) return true
  return answered?.isWhole === true && !answered.responses.some(({ hasMore }) => hasMore)
}

/** The first answer, where all have errors and no data. */
function failedAnswer(answered: GraphqlResponses | undefined): GraphqlResponse | undefined {
  return answered?.responses.every(({ hasFailed }) => hasFailed) === true ? answered.responses[0] : undefined
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
