/**
 * Every error that an operation can end with. The key is the code; `exit` is what the command line returns
 * (1 failed, 2 usage, 3 not permitted here). Rendered to docs/errors.md by `npm run docs`.
 */
export const ERRORS = {
  'usage': { exit: 2, what: 'The command line cannot be understood.' },
  'no-such-interface': { exit: 2, what: 'An interface of that name does not exist in the namespace.' },
  'no-such-namespace': { exit: 2, what: 'A network namespace of that name, or a process of that number, does not exist.' },
  'not-permitted': { exit: 3, what: 'The kernel refused for want of a right; the hint names the capability.' },
  'not-supported': { exit: 3, what: 'This machine or kernel lacks a part that the operation needs.' },
  'missing-program': { exit: 3, what: 'A program that the operation starts is not installed.' },
  'not-a-capture': { exit: 1, what: 'The file is neither pcap nor pcapng.' },
  'capture-cut': { exit: 1, what: 'The capture file ends in the middle of a record or block; everything before is shown.' },
  'capture-malformed': { exit: 1, what: 'The capture file breaks its format at the byte that is named; everything before is shown.' },
  'cannot-read': { exit: 1, what: 'A file could not be opened or read.' },
  'cannot-write': { exit: 1, what: 'A file or the output could not be written.' },
  'bad-filter': { exit: 2, what: 'An address or port of a filter cannot be parsed, or the filter cannot hold.' },
  'system-call': { exit: 1, what: 'A system call failed in a way that has no better name.' },
  'child-failed': { exit: 1, what: 'A process that was started ended early or never became ready.' },
} as const satisfies Record<string, { exit: 1 | 2 | 3, what: string }>

export type ErrorCode = keyof typeof ERRORS

/** Values that make an error searchable: pid, path, byte offset, errno. */
export type Facts = Readonly<Record<string, string | number | boolean | undefined>>

export interface ErrorDetails { hint?: string, facts?: Facts, cause?: unknown }

/** An operation failed. `message` is lower case without a full stop; `hint` is the next thing to try. */
export class MtlscopeError extends Error {
  readonly code: ErrorCode
  readonly hint: string | undefined
  readonly facts: Facts

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause })
    this.name = 'MtlscopeError'
    this.code = code
    this.hint = details.hint
    this.facts = details.facts ?? {}
  }

  get exitCode(): 1 | 2 | 3 {
    return ERRORS[this.code].exit
  }
}
