import { interruptSignal } from './interrupt.ts'
import { runTapFile } from './tap-file.ts'
import { planTap } from './tap-plan.ts'
import type { TapFlags } from './tap.ts'
import { useColour } from './terminal.ts'

/** Runs `mtlscope tap`; resolves with the exit code. */
export async function runTap(flags: TapFlags): Promise<number> {
  // A terminal that does not know its size says 0.
  const plan = planTap(flags, { stdout: process.stdout.isTTY === true, colour: useColour(process.stdout), columns: process.stdout.columns || undefined })
  const signal = interruptSignal()
  try {
    if (flags.read !== undefined) return await runTapFile(flags.read, plan, signal)
    // Live capture loads the system call layer; a file needs none of it.
    const { runTapLive } = await import('./tap-live.ts')
    return await runTapLive(plan, signal)
  } finally {
    signal.dispose()
  }
}
