import type { Redactor } from '../redaction.ts'
import { textOf, textOfCut } from '../sql/byte-text.ts'
import { oneLine, shownError, shownStatement } from '../sql/statement-text.ts'
import { authenticationAnswers, authenticationView } from './authentication.ts'
import { parameterViews, parseBind, parseTypes } from './bind.ts'
import { columnView, parseColumns } from './columns.ts'
import { errorField, errorView } from './error-fields.ts'
import { KeptReader } from './kept-reader.ts'
import type { Operation } from './operation.ts'
import { NO_REQUEST, UNKNOWN_STATEMENT } from './notes.ts'
import type { Statement } from './result.ts'
import { notificationView, secretText, startupParameters, versionText } from './startup-view.ts'

/** `SELECT 1`, `prepare s1: SELECT $1`, `login app@shop`. */
export function whatOf(op: Operation): string {
  if ((op.bits & NO_REQUEST) !== 0) return op.error === undefined ? 'answer without request' : `${severityOf(op.error)}: ${messageOf(op, op.error)}`
  switch (op.kind) {
    case 'startup': return startupWhat(op)
    case 'sslRequest': return 'SSLRequest'
    case 'gssEncRequest': return 'GSSENCRequest'
    case 'cancelRequest': return `cancel process ${new KeptReader(op.body).u32()}`
    case 'functionCall': return `function call ${new KeptReader(op.body).u32()}`
    case 'replication': return 'replication stream'
    case 'notification': return `NOTIFY ${op.redactor.text(textOf(channelOf(op)))}`
    case 'notice': return `${severityOf(op.notices![0]!)}: ${messageOf(op, op.notices![0]!)}`
    case 'query': return oneLine(shownStatement(textOfCut(op.body), op.redactor, 'postgres')) || 'empty query'
    default: return extendedWhat(op)
  }
}

function startupWhat(op: Operation): string {
  const { user, database } = startupParameters(op.body)
  if (user === undefined) return 'login'
  return `login ${user}${database === undefined ? '' : `@${database}`}`
}

function severityOf(error: string): string {
  return errorField(error, 'V') ?? errorField(error, 'S') ?? 'ERROR'
}

function messageOf(op: Operation, error: string): string {
  return oneLine(shownError(errorField(error, 'M') ?? '', op.redactor, 'postgres'))
}

function channelOf(op: Operation): string {
  const reader = new KeptReader(op.body)
  reader.u32()
  return reader.text()
}

/** Made once for all executions of it; one connection has one redactor. */
function lineOf(statement: Statement, redactor: Redactor): string {
  return statement.line ??= oneLine(shownStatement(textOfCut(statement.query), redactor, 'postgres'))
}

function extendedWhat(op: Operation): string {
  const query = op.statement === undefined ? '' : lineOf(op.statement, op.redactor)
  if (op.hasExecute) return query || (op.statement === undefined ? `execute ${textOf(op.statementName || op.portal) || 'unnamed statement'}` : 'empty query')
  const name = textOf(op.statementName)
  if (op.steps.includes('P')) return `prepare${name === '' ? '' : ` ${name}`}: ${query}`
  const verb = op.steps.includes('B') ? 'bind' : op.steps.includes('D') ? 'describe' : op.steps.includes('C') ? 'close' : 'sync'
  const target = name === '' && op.portal !== '' ? textOf(op.portal) : name
  return `${verb}${target === '' ? '' : ` ${target}`}${query === '' ? '' : `: ${query}`}`
}

const STEP_NAMES: Record<string, string> = { P: 'parse', B: 'bind', D: 'describe', E: 'execute', C: 'close', S: 'sync' }

export function requestView(op: Operation): object {
  switch (op.kind) {
    case 'startup': return startupView(op)
    case 'query': return { type: op.kind, ...queryView(op, op.body, op.bodyBytes) }
    case 'extended': return extendedView(op)
    case 'cancelRequest': return cancelView(op)
    case 'functionCall': return { type: op.kind, functionOid: new KeptReader(op.body).u32(), bytes: op.bodyBytes }
    case 'replication': return { type: op.kind, messages: op.streamed?.[0] ?? 0, bytes: op.streamed?.[1] ?? 0 }
    default: return { type: op.kind }
  }
}

function queryView(op: Operation, query: string, queryBytes: number): object {
  return {
    query: shownStatement(textOfCut(query), op.redactor, 'postgres'),
    queryBytes,
    truncated: query.length < queryBytes ? true : undefined,
  }
}

function startupView(op: Operation): object {
  const parameters = startupParameters(op.body)
  return {
    type: op.kind, version: versionText(op.body), user: parameters['user'], database: parameters['database'] ?? parameters['user'],
    applicationName: parameters['application_name'], parameters,
    ...authenticationAnswers(op.authentication, op.redactor),
  }
}

function cancelView(op: Operation): object {
  const reader = new KeptReader(op.body)
  return { type: op.kind, processId: reader.u32(), secretKey: secretText(op.body.slice(4), op.redactor) }
}

function extendedView(op: Operation): object {
  const { statement, steps, redactor } = op
  const bind = op.bind === undefined ? undefined : parseBind(op.bind)
  return {
    type: op.kind,
    steps: [...steps].map((step) => STEP_NAMES[step]),
    statement: textOf(op.statementName),
    portal: op.portal === '' ? undefined : textOf(op.portal),
    ...statement === undefined ? {} : queryView(op, statement.query, statement.queryBytes),
    parameters: bind === undefined ? undefined : parameterViews(bind, typesOf(op), redactor),
    parametersTruncated: bind?.isWhole === false ? true : undefined,
    maxRows: op.maxRows === 0 ? undefined : op.maxRows,
  }
}

function typesOf(op: Operation): number[] {
  const { statement } = op
  if (statement === undefined) return []
  return parseTypes(statement.parameterDescription ?? statement.types)
}

const TRANSACTIONS: Record<string, string> = { I: 'idle', T: 'in transaction', E: 'failed' }

export function responseView(op: Operation): object {
  const { redactor, bind } = op
  const formats = bind === undefined ? [] : parseBind(bind).resultFormats
  const description = op.description ?? op.statement?.description
  if (op.kind === 'notification') return notificationView(op.body, redactor)
  if (op.kind === 'replication') return { messages: op.streamed?.[2] ?? 0, bytes: op.streamed?.[3] ?? 0 }
  return {
    accepted: op.answerByte === '' ? undefined : op.answerByte !== 'N',
    ...authenticationView(op, redactor),
    results: op.results.length === 0 ? undefined : op.results.map((result) => result.view(description, formats, redactor)),
    ...preparedView(op),
    functionResult: op.functionResult === undefined ? undefined : redactor.text(textOf(op.functionResult)),
    error: op.error === undefined ? undefined : errorView(op.error, redactor),
    notices: op.notices?.map((notice) => errorView(notice, redactor)),
    transaction: TRANSACTIONS[op.transaction],
  }
}

/** What a Describe without an Execute told. */
function preparedView(op: Operation): object {
  if (op.hasExecute || op.statement === undefined || (op.bits & UNKNOWN_STATEMENT) !== 0) return {}
  const { parameterDescription } = op.statement
  return {
    parameterTypeOids: parameterDescription === undefined || !op.steps.includes('D') ? undefined : parseTypes(parameterDescription),
    columns: op.description === undefined ? undefined : parseColumns(op.description).map(columnView),
  }
}
