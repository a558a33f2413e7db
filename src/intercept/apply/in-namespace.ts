import { closeSync } from 'node:fs'
import { MtlscopeError } from '../../base/errors.ts'
import { findProgram, run } from '../../sys/exec.ts'
import type { RunResult } from '../../sys/exec.ts'
import { netnsInode, openNetns, withNetns } from '../../sys/netns.ts'

const TIMEOUT_MS = 30_000
/** Of one listing: some hundred thousand rules. */
const MAX_OUTPUT_BYTES = 64 * 1024 * 1024

/** Entering takes a right (CAP_SYS_ADMIN) that an init container does not have, and does not need where it is already. */
function isHere(netns: string): boolean {
  return netnsInode(netns) === netnsInode('/proc/thread-self/ns/net')
}

/** Runs `action` with the thread in the network namespace at that path; it may not be async. Throws as openNetns and withNetns do. */
export function insideNamespace<T>(netns: string, action: () => T): T {
  if (isHere(netns)) return action()
  const fd = openNetns(netns)
  try {
    return withNetns(fd, action)
  } finally {
    closeSync(fd)
  }
}

/** Runs a program in the network namespace at that path. Any exit code is an answer. Throws 'missing-program' and 'child-failed'. */
export function runInside(netns: string, program: string, args: readonly string[], input?: string): Promise<RunResult> {
  const file = program.includes('/') ? program : findProgram(program)
  if (file === undefined) return Promise.reject(new MtlscopeError('missing-program', `${program} is not installed`, { facts: { program } }))
  const options = { timeoutMs: TIMEOUT_MS, maxOutputBytes: MAX_OUTPUT_BYTES, ...input === undefined ? {} : { input } }
  // A process begins where the thread is that starts it; only its end is waited for outside.
  return insideNamespace(netns, () => ({ ended: run(file, args, options) })).ended
}

/** Its standard output. Throws 'not-permitted', or 'child-failed' with the last words of the program, where it does not end with 0. */
export async function mustRunInside(netns: string, program: string, args: readonly string[], input?: string): Promise<string> {
  const { code, signal, stdout, stderr } = await runInside(netns, program, args, input)
  if (code === 0) return stdout
  const lines = stderr.trim().split('\n').filter((line) => !line.startsWith('Try '))
  // nft goes on with the line of its input, underlined.
  const said = lines.find((line) => line.includes('Error: ')) ?? lines.slice(-2).join('; ')
  const name = program.split('/').at(-1)!
  const isDenied = /not permitted|permission denied|you must be root/i.test(stderr)
  throw new MtlscopeError(isDenied ? 'not-permitted' : 'child-failed', `${name} failed${said === '' ? ` (${signal ?? `exit status ${code}`})` : `: ${said}`}`, {
    ...isDenied ? { hint: 'needs CAP_NET_ADMIN and CAP_SYS_ADMIN; try: sudo mtlscope init' } : {}, facts: { program, netns },
  })
}
