import { constants } from 'node:os'
import type { ErrorCode, Facts } from '../base/errors.ts'
import { MtlscopeError } from '../base/errors.ts'
import type { Capability } from './capabilities.ts'

const NAMES = new Map(Object.entries(constants.errno).map(([name, value]) => [value, name === 'EWOULDBLOCK' ? 'EAGAIN' : name]))
const REFUSED = new Set(['EPERM', 'EACCES'])
const UNKNOWN = new Set(['ENOSYS', 'EOPNOTSUPP', 'ENOPROTOOPT', 'EAFNOSUPPORT', 'EPROTONOSUPPORT', 'ESOCKTNOSUPPORT'])

/** `EPERM` for 1; `errno 999` for a number without a name. */
export function errnoName(errno: number): string {
  return NAMES.get(errno) ?? `errno ${errno}`
}

export interface CallFailure {
  /** What was being done: `open a packet socket`. Becomes `cannot …: EPERM`. */
  doing: string
  call: string
  /** Name of the errno. */
  errno: string
  /** The right that the kernel asks for here. */
  needs?: Capability
  hint?: string
  facts?: Facts
  cause?: unknown
}

/** 'not-permitted' with the capability as its hint, 'not-supported', or 'system-call'. */
export function callFailed({ doing, call, errno, needs, hint, facts, cause }: CallFailure): MtlscopeError {
  const code: ErrorCode = REFUSED.has(errno) ? 'not-permitted' : UNKNOWN.has(errno) ? 'not-supported' : 'system-call'
  const help = code === 'not-permitted' && needs !== undefined ? `needs ${needs}; try: mtlscope doctor` : hint
  return new MtlscopeError(code, `cannot ${doing}: ${errno}`, { hint: help, cause, facts: { call, errno, ...facts } })
}

/** The errno name of an error that a call of node:fs threw; undefined for other errors. */
export function errnoOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
}
