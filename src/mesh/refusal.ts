import { displayName } from './display-name.ts'

/** A process or namespace that could not be looked into, and why. */
export interface Refusal {
  readonly pid: number
  readonly exe?: string
  /** `EACCES: cannot read its executable`. */
  readonly why: string
  readonly hint?: string
}

const NEEDS_PTRACE = 'needs CAP_SYS_PTRACE and the capabilities of that process; try: mtlscope doctor'
/** The process has ended, or is a kernel thread: nothing was refused. */
const GONE = new Set(['ENOENT', 'ESRCH', 'ENOTDIR'])

/** What an error of node:fs means for a process. Undefined when it only means that the process has ended. */
export function refusalOf(error: unknown, pid: number, what: string, exe?: string): Refusal | undefined {
  const code = (error as NodeJS.ErrnoException).code ?? 'unknown error'
  if (GONE.has(code)) return undefined
  return { pid, exe: displayName(exe), why: `${code}: cannot read ${what}`, hint: code === 'EACCES' || code === 'EPERM' ? NEEDS_PTRACE : undefined }
}
