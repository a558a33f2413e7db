import { redactedValue } from '../http/json-value.ts'
import type { Redactor } from '../redaction.ts'
import { REDACTED } from '../redaction.ts'
import type { GraphqlRequest, GraphqlRequests } from './request.ts'
import type { GraphqlError, GraphqlResponse, GraphqlResponses } from './response.ts'

/** The operation that is to be executed: the named one, or the only one. */
function chosen({ operations, operationName }: GraphqlRequest): GraphqlRequest['operations'][number] | undefined {
  return operations.find(({ name }) => operationName !== undefined && name === operationName) ?? operations[0]
}

/** `query GetCart`, `mutation { addItem }`, `persisted 3f1c0a52`. */
function operationText(request: GraphqlRequest): string {
  const operation = chosen(request)
  if (operation === undefined) return `persisted ${request.operationName ?? request.persistedHash!.slice(0, 8)}`
  const name = operation.name ?? request.operationName
  if (name !== undefined) return `${operation.type} ${name}`
  return operation.fields.length === 0 ? operation.type : `${operation.type} { ${operation.fields.join(' ')} }`
}

const SHOWN_OF_BATCH = 3

/** Unredacted. */
export function requestsText({ requests, isBatch }: GraphqlRequests): string {
  if (!isBatch) return operationText(requests[0]!)
  const texts = requests.slice(0, SHOWN_OF_BATCH).map(operationText).join(', ')
  return `batch of ${requests.length}: ${texts}${requests.length > SHOWN_OF_BATCH ? ', …' : ''}`
}

/** `showsValues`: somebody wants bodies. */
export function requestsView({ requests, isBatch }: GraphqlRequests, redactor: Redactor, showsValues: boolean): object {
  const views = requests.map((request) => requestView(request, redactor, showsValues))
  return isBatch ? { batch: views } : views[0]!
}

function requestView(request: GraphqlRequest, redactor: Redactor, showsValues: boolean): object {
  const operation = chosen(request)
  const name = operation?.name ?? request.operationName
  const shown = (parameter: string, value: unknown): unknown =>
    value === undefined || !showsValues ? undefined : redactor.hidesParameter(parameter) ? REDACTED : redactedValue(value, redactor)
  return {
    type: operation?.type,
    name: name === undefined ? undefined : redactor.text(name),
    fields: operation === undefined || operation.fields.length === 0 ? undefined : redactedValue(operation.fields, redactor),
    operations: request.operations.length > 1 ? request.operations.map(({ type, name: own }) => ({ type, name: own && redactor.text(own) })) : undefined,
    query: shown('query', request.query),
    variables: shown('variables', request.variables),
    extensions: shown('extensions', request.extensions),
    persistedHash: request.persistedHash,
    complete: request.isWhole ? undefined : false,
  }
}

export function responsesView({ responses, isArray }: GraphqlResponses, redactor: Redactor, showsValues: boolean): object {
  const views = responses.map((response) => responseView(response, redactor, showsValues))
  return isArray ? { batch: views } : views[0]!
}

function responseView(response: GraphqlResponse, redactor: Redactor, showsValues: boolean): object {
  const { errors, moreErrors, data, extensions } = response
  return {
    errors: errors.length === 0 ? undefined : errors.map((error) => errorView(error, redactor)),
    moreErrors: moreErrors > 0 ? moreErrors : undefined,
    data: showsValues ? redactedValue(data, redactor) : undefined,
    extensions: showsValues ? redactedValue(extensions, redactor) : undefined,
  }
}

function errorView(error: GraphqlError, redactor: Redactor): object {
  return redactedValue(error, redactor) as object
}
