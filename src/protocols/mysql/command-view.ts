import { bytesOf, plainText, textOf, textOfCut } from '../sql/byte-text.ts'
import { oneLine, shownError, shownStatement } from '../sql/statement-text.ts'
import { columnView, parseColumn } from './columns.ts'
import type { Command } from './command.ts'
import { BINLOG_DUMP, CHANGE_USER, FIELD_LIST, INIT_DB, LOGIN, PROCESS_KILL, QUERY, STMT_BULK_EXECUTE, STMT_EXECUTE, STMT_FETCH, STMT_PREPARE, STMT_RESET, commandName } from './commands.ts'
import { errorView, parseError } from './error-packet.ts'
import { authenticationSteps, changeUserView, greetingView, loginView, parseLogin } from './handshake.ts'
import { NO_REQUEST, UNASKED } from './notes.ts'
import { PacketReader } from './packet-reader.ts'
import { executedParameters, splitQuery } from './parameters.ts'

/** `SELECT 1`, `prepare: SELECT ?`, `login app@shop`, `ping`. */
export function commandWhat(command: Command): string {
  const { code, redactor } = command
  if ((command.bits & (NO_REQUEST | UNASKED)) !== 0) {
    return command.error === undefined ? 'answer without request' : `ERROR: ${oneLine(shownError(parseError(command.error).message, redactor, 'mysql'))}`
  }
  switch (code) {
    case LOGIN: return loginWhat(command)
    case QUERY: return oneLine(queryText(command)) || 'empty query'
    case STMT_PREPARE: return `prepare: ${oneLine(queryText(command))}`
    case STMT_EXECUTE:
    case STMT_BULK_EXECUTE: return command.statement === undefined ? `execute statement ${statementId(command)}` : preparedLine(command)
    case STMT_FETCH: return `fetch statement ${statementId(command)}`
    case STMT_RESET: return `reset statement ${statementId(command)}`
    case CHANGE_USER: return `change user ${textOf(new PacketReader(command.body, 1).text())}`
    case INIT_DB: return `use ${oneLine(textOf(command.body.slice(1)))}`
    case FIELD_LIST: return `field list ${oneLine(textOf(new PacketReader(command.body, 1).text()))}`
    case PROCESS_KILL: return `kill ${new PacketReader(command.body, 1).u32()}`
    default: return command.isStream ? `${commandName(code)} stream` : commandName(code)
  }
}

function loginWhat({ body, isTls, error }: Command): string {
  if (body === '') return error === undefined ? 'greeting' : 'refused connection'
  if (isTls) return 'SSLRequest'
  const { user, database } = parseLogin(body)
  return `login ${user}${database === undefined || database === '' ? '' : `@${database}`}`
}

function queryText(command: Command): string {
  return shownStatement(textOfCut(splitQuery(command).query), command.redactor, 'mysql')
}

/** Made once for all executions of it; one connection has one redactor. */
function preparedLine({ statement, redactor }: Command): string {
  return statement!.line ??= oneLine(shownStatement(textOfCut(statement!.query), redactor, 'mysql'))
}

function statementId(command: Command): number {
  return new PacketReader(command.body, 1).u32()
}

export function requestView(command: Command): object {
  const { code, redactor } = command
  const base = { command: commandName(code) }
  switch (code) {
    case LOGIN: return command.isTls ? { command: 'SSLRequest' } : { ...base, ...loginView(command.body, command.pieces ?? [], redactor) }
    case QUERY: return { ...base, ...queryView(command) }
    case STMT_PREPARE: return { ...base, ...queryView(command) }
    case STMT_EXECUTE:
    case STMT_BULK_EXECUTE: return { ...base, ...executeView(command) }
    case STMT_FETCH: return { ...base, statementId: statementId(command), rows: new PacketReader(command.body, 5).u32() }
    case STMT_RESET: return { ...base, statementId: statementId(command) }
    case CHANGE_USER: return { ...base, ...changeUserView(command.body, command.capabilities, command.pieces ?? [], redactor) }
    case INIT_DB: return { ...base, database: textOf(command.body.slice(1)) }
    case FIELD_LIST: return { ...base, table: textOf(new PacketReader(command.body, 1).text()) }
    case PROCESS_KILL: return { ...base, connectionId: new PacketReader(command.body, 1).u32() }
    case BINLOG_DUMP: return { ...base, ...dumpView(command.body) }
    default: return { ...base, bytes: command.bodyBytes }
  }
}

function queryView(command: Command): object {
  const { query, parameters } = splitQuery(command)
  const cut = command.bodyBytes - command.body.length
  return {
    query: shownStatement(textOfCut(query), command.redactor, 'mysql'), queryBytes: query.length + cut, truncated: cut > 0 ? true : undefined, attributes: parameters,
  }
}

function executeView(command: Command): object {
  const { statement } = command
  return {
    statementId: statementId(command),
    query: statement === undefined ? undefined : shownStatement(textOfCut(statement.query), command.redactor, 'mysql'),
    queryBytes: statement?.queryBytes,
    truncated: statement !== undefined && statement.query.length < statement.queryBytes ? true : undefined,
    ...executedParameters(command),
  }
}

function dumpView(body: string): object {
  const reader = new PacketReader(body, 1)
  const position = reader.u32()
  reader.u16()
  const serverId = reader.u32()
  return { file: textOf(reader.rest()), position, serverId }
}

export function responseView(command: Command): object {
  const { redactor, results, prepared, challenges } = command
  const { text } = command
  return {
    ...command.greeting === undefined ? {} : greetingView(command.greeting),
    authenticationSteps: challenges === undefined ? undefined : authenticationSteps(challenges),
    results: results.length === 0 ? undefined : results.map((result) => result.view(command.capabilities, command.statement, redactor)),
    ...prepared === undefined ? {} : preparedView(prepared),
    parameters: command.parameterColumns?.map((body) => columnView(parseColumn(body))),
    columns: prepared === undefined || command.statement === undefined || command.statement.columns.length === 0 ? undefined : command.statement.columns.map((body) => columnView(parseColumn(body))),
    text: text === undefined ? undefined : plainText(text) ?? bytesOf(text).toString('hex'),
    progressReports: command.progress === 0 ? undefined : command.progress,
    packets: command.streamed?.[0],
    bytes: command.streamed?.[1],
    error: command.error === undefined ? undefined : errorView(command.error, redactor),
  }
}

function preparedView(prepared: string): object {
  const reader = new PacketReader(prepared, 1)
  const statementId = reader.u32()
  const columnCount = reader.u16()
  const parameterCount = reader.u16()
  reader.u8()
  return { statementId, columnCount, parameterCount, warnings: reader.left >= 2 ? reader.u16() : undefined }
}
