import { Command, CommanderError } from 'commander'
import { MtlscopeError } from '../base/errors.ts'
import { VERSION } from '../base/version.ts'
import { completionCommand } from './completion.ts'
import { demoCommand } from './demo.ts'
import { doctorCommand } from './doctor.ts'
import { sayError } from './say.ts'
import { tapCommand } from './tap.ts'

const EXAMPLES = `
Examples:
  mtlscope demo                       a small mTLS mesh on this machine, and what travels in it
  sudo mtlscope tap --mesh            what the sidecars of this machine carry, in the clear
  mtlscope tap -r capture.pcapng      the same from a file
  mtlscope doctor                     what this machine permits, and how to mend the rest

Exit codes: 0 held, 1 did not hold or failed, 2 usage, 3 not permitted here`

export function buildProgram(): Command {
  const program = new Command('mtlscope')
    .description('See the traffic of a service mesh in the clear, prove that its wire is mutual TLS, secure apps with sidecars')
    .version(`mtlscope ${VERSION}`, '-V, --version')
    .helpOption('-h, --help', 'show help')
    .showSuggestionAfterError()
    .configureOutput({ outputError: (text) => sayUsage(text) })
    .exitOverride()
    .addHelpText('after', EXAMPLES)
    .action(() => program.help())
  for (const command of [tapCommand(), demoCommand(), doctorCommand(), completionCommand(() => program)]) {
    program.addCommand(command.copyInheritedSettings(program))
  }
  return program
}

/** Sets the exit code; an operation's error becomes its line and hint, a bug keeps its stack. */
export async function runProgram(argv: readonly string[]): Promise<void> {
  // Timers and events end here too: an operation's error is told like any other.
  process.on('uncaughtException', (error) => {
    if (!(error instanceof MtlscopeError)) console.error(error)
    else sayError(error)
    process.exit(error instanceof MtlscopeError ? error.exitCode : 1)
  })
  const program = buildProgram()
  try {
    await program.parseAsync(argv as string[])
  } catch (error) {
    if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : 2
    else if (error instanceof MtlscopeError) {
      sayError(error)
      process.exitCode = error.exitCode
    } else throw error
  }
}

/** commander's `error: unknown option '--prot'` and `(Did you mean --port?)`, in the voice of this program. */
function sayUsage(text: string): void {
  const [first = '', ...rest] = text.trim().split('\n')
  const hint = rest.join(' ').replace(/^\((.*)\)$/, '$1').trim().replace(/^Did/, 'did')
  sayError(new MtlscopeError('usage', first.replace(/^error: /, ''), { hint: hint === '' ? 'see: mtlscope --help' : hint }))
}
