import { Command } from 'commander'

/** Not for people: the container of a session's agent runs it (kube/session/session-job.ts). */
export function holdCommand(): Command {
  return new Command('hold')
    .description('wait until standard input ends: the container in which an agent of one session is started')
    .action(async () => {
      const { runHold } = await import('./hold-run.ts')
      process.exitCode = await runHold()
    })
}
