import { closeSync } from 'node:fs'
import type { RunOptions, RunResult } from './exec.ts'
import { run } from './exec.ts'
import { openNetns, withNetns } from './netns.ts'

/**
 * Runs a program in a network namespace (`/proc/PID/ns/net`, `/run/netns/NAME`) to its end, and needs no nsenter: it is started by a thread that is
 * in there for that moment, and a child is where its parent was. Throws what `run` and `openNetns` throw, and 'not-permitted'.
 */
export async function runInside(netns: string, program: string, args: readonly string[], options: RunOptions): Promise<RunResult> {
  const fd = openNetns(netns)
  let running: Promise<RunResult> | undefined
  try {
    withNetns(fd, () => { running = run(program, args, options) })
  } finally {
    closeSync(fd)
  }
  return await running!
}
