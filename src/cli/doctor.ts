import { Command, Option } from 'commander'
import { jsonText } from '../base/json-text.ts'
import { useColour } from './terminal.ts'

const HELP = `
Each thing is really tried: a packet ring is opened on the loopback interface, a fresh network namespace is made and
entered, a user namespace is made. Nothing of it is left behind.

Exit codes: 0 tap can capture live here, 3 it cannot

Examples:
  mtlscope doctor                   what an ordinary user may do
  sudo mtlscope doctor              what root may do
  mtlscope doctor -o json           the same for a program: {"ok": …, "checks": [{"name", "state", "found", "fix", …}]}`

export function doctorCommand(): Command {
  return new Command('doctor')
    .description('what this machine permits, and how to mend the rest')
    .addOption(new Option('-o, --output <format>', 'form of the output').choices(['text', 'json']).default('text'))
    .addHelpText('after', HELP)
    .action(async ({ output }: { output: 'text' | 'json' }) => {
      process.exitCode = await runDoctor(output)
    })
}

/** Imports what it needs only now: calling into the C library costs some 10 ms of start-up. */
async function runDoctor(output: 'text' | 'json'): Promise<number> {
  const { probe, tapWorks } = await import('../sys/probe.ts')
  const { probeEnvoy } = await import('./doctor-envoy.ts')
  const { checkStores } = await import('./doctor-stores.ts')
  const checks = [...await probe(), await probeEnvoy(), checkStores()]
  const works = tapWorks(checks)
  if (output === 'json') process.stdout.write(`${jsonText({ ok: works, checks })}\n`)
  else {
    const { formatChecks } = await import('./doctor-text.ts')
    process.stdout.write(formatChecks(checks, useColour(process.stdout)))
  }
  return works ? 0 : 3
}
