/** Command bytes (§ page_protocol_command_phase) and what they are called. */
export const QUIT = 0x01, INIT_DB = 0x02, QUERY = 0x03, FIELD_LIST = 0x04, STATISTICS = 0x09, PROCESS_INFO = 0x0a, PROCESS_KILL = 0x0c, CHANGE_USER = 0x11
export const BINLOG_DUMP = 0x12, TABLE_DUMP = 0x13, STMT_PREPARE = 0x16, STMT_EXECUTE = 0x17, STMT_SEND_LONG_DATA = 0x18, STMT_CLOSE = 0x19
export const STMT_RESET = 0x1a, SET_OPTION = 0x1b, STMT_FETCH = 0x1c, BINLOG_DUMP_GTID = 0x1e, STMT_BULK_EXECUTE = 0xfa
/** No command byte: what happens before the first. */
export const LOGIN = -1

const NAMES: Record<number, string> = {
  [LOGIN]: 'login', 0x00: 'sleep', 0x01: 'quit', 0x02: 'init db', 0x03: 'query', 0x04: 'field list', 0x05: 'create db', 0x06: 'drop db', 0x07: 'refresh',
  0x08: 'shutdown', 0x09: 'statistics', 0x0a: 'process info', 0x0c: 'kill', 0x0d: 'debug', 0x0e: 'ping', 0x11: 'change user', 0x12: 'binlog dump',
  0x13: 'table dump', 0x15: 'register replica', 0x16: 'prepare', 0x17: 'execute', 0x18: 'send long data', 0x19: 'close statement', 0x1a: 'reset statement',
  0x1b: 'set option', 0x1c: 'fetch', 0x1e: 'binlog dump gtid', 0x1f: 'reset connection', 0x20: 'clone', 0xfa: 'bulk execute',
}

export function commandName(code: number): string {
  return NAMES[code] ?? `command ${code}`
}

/** Least and greatest size of the packets of a command, the command byte included; 0: no such command. */
export function fitsCommand(code: number, sizeBytes: number): boolean {
  switch (code) {
    case QUIT:
    case STATISTICS:
    case PROCESS_INFO:
    case 0x0d:
    case 0x0e:
    case 0x1f:
    case 0x20: return sizeBytes === 1
    case INIT_DB:
    case 0x05:
    case 0x06: return sizeBytes >= 1 && sizeBytes <= 1024
    case QUERY:
    case STMT_PREPARE: return sizeBytes >= 1
    case FIELD_LIST: return sizeBytes >= 2 && sizeBytes <= 1024
    case 0x07:
    case 0x08: return sizeBytes <= 2
    case PROCESS_KILL:
    case STMT_CLOSE:
    case STMT_RESET: return sizeBytes === 5
    case SET_OPTION: return sizeBytes === 3
    case STMT_FETCH: return sizeBytes === 9
    case CHANGE_USER: return sizeBytes >= 4 && sizeBytes <= 65536
    case BINLOG_DUMP:
    case TABLE_DUMP:
    case 0x15:
    case BINLOG_DUMP_GTID: return sizeBytes >= 3
    case STMT_EXECUTE: return sizeBytes >= 10
    case STMT_SEND_LONG_DATA: return sizeBytes >= 7
    case STMT_BULK_EXECUTE: return sizeBytes >= 7
    default: return false
  }
}

/** Those that the server never answers. */
export function isUnanswered(code: number): boolean {
  return code === QUIT || code === STMT_SEND_LONG_DATA || code === STMT_CLOSE
}
