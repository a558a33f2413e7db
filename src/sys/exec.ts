import { execFile } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { basename, join } from 'node:path'
import { MtlscopeError } from '../base/errors.ts'

/** Where administrators' programs lie; an ordinary user's PATH often lacks them. */
const ADMIN_FOLDERS = ['/usr/local/sbin', '/usr/sbin', '/sbin']
const MAX_OUTPUT_BYTES = 4 * 1024 * 1024

export interface RunOptions {
  timeoutMs: number
  /** Default 4 MiB. */
  maxOutputBytes?: number
  /** Its standard input; empty where there is none. */
  input?: string
  /** Default: this program's own. */
  env?: NodeJS.ProcessEnv
}

export interface RunResult {
  /** Undefined where a signal ended it. */
  code: number | undefined
  signal: string | undefined
  stdout: string
  stderr: string
}

/**
 * Runs a program to its end. Throws 'missing-program', and 'child-failed' where it takes longer than `timeoutMs` (it is
 * killed then) or says more than `maxOutputBytes`; any exit code is an answer.
 */
export function run(program: string, args: readonly string[], { timeoutMs, maxOutputBytes = MAX_OUTPUT_BYTES, input, env }: RunOptions): Promise<RunResult> {
  const file = program.includes('/') ? program : findProgram(program)
  if (file === undefined) return Promise.reject(missing(program))
  return new Promise((resolve, reject) => {
    const child = execFile(file, args, { timeout: timeoutMs, killSignal: 'SIGKILL', maxBuffer: maxOutputBytes, ...env !== undefined && { env } }, (error, stdout, stderr) => {
      if (error === null) resolve({ code: 0, signal: undefined, stdout, stderr })
      else if (error.code === 'ENOENT' || error.code === 'EACCES') reject(missing(program))
      else if (error.killed === true || typeof error.code === 'string') reject(cutShort(program, timeoutMs, error))
      else resolve({ code: typeof error.code === 'number' ? error.code : undefined, signal: error.signal ?? undefined, stdout, stderr })
    })
    // It may end without having read all of it: its exit code tells.
    child.stdin?.on('error', () => {})
    child.stdin?.end(input)
  })
}

/** The path of a program on PATH or among the administrators' programs; undefined where it is not installed. */
export function findProgram(name: string, env: NodeJS.ProcessEnv = process.env): string | undefined {
  const folders = [...(env.PATH ?? '').split(':').filter((folder) => folder !== ''), ...ADMIN_FOLDERS]
  return folders.map((folder) => join(folder, name)).find(isExecutable)
}

export function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

function missing(program: string): MtlscopeError {
  return new MtlscopeError('missing-program', `${basename(program)} is not installed`, { facts: { program } })
}

function cutShort(program: string, timeoutMs: number, cause: Error): MtlscopeError {
  const why = 'code' in cause && cause.code === 'ERR_CHILD_PROCESS_STDIO_MAXBUFFER' ? 'says too much' : `did not end within ${timeoutMs} ms`
  return new MtlscopeError('child-failed', `${basename(program)} ${why}`, { cause, facts: { program } })
}
