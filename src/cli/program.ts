import { Command, CommanderError } from 'commander'
import { MtlscopeError } from '../base/errors.ts'
import { VERSION } from '../base/version.ts'
import { agentCommand } from './agent.ts'
import { caCommand } from './ca.ts'
import { checkCommand } from './check.ts'
import { completionCommand } from './completion.ts'
import { demoCommand } from './demo.ts'
import { doctorCommand } from './doctor.ts'
import { explainCommand } from './explain.ts'
import { holdCommand } from './hold.ts'
import { hubCommand } from './hub.ts'
import { initCommand } from './init.ts'
import { injectCommand } from './inject.ts'
import { injectorCommand } from './injector.ts'
import { installCommand, uninstallCommand, upgradeCommand } from './install.ts'
import { nodeRulesCommand } from './node-rules.ts'
import { sayError } from './say.ts'
import { sidecarCommand } from './sidecar.ts'
import { sniffCommand } from './sniff.ts'
import { tapCommand } from './tap.ts'
import { viewCommand } from './view.ts'

const EXAMPLES = `
Examples:
  mtlscope demo                       a small mTLS mesh on this machine, and what travels in it
  sudo mtlscope tap --mesh            what the sidecars of this machine carry, in the clear
  mtlscope tap -r capture.pcapng      the same from a file
  mtlscope sidecar --check            is mtlscope.yaml good, and who may call whom?
  mtlscope doctor                     what this machine permits, and how to mend the rest

Exit codes: 0 held, 1 did not hold or failed, 2 usage, 3 not permitted here`

export function buildProgram(): Command {
  const program = new Command('mtlscope')
    .description('See the traffic of a service mesh in the clear, prove that its wire is mutual TLS, secure apps with sidecars')
    .version(`mtlscope ${VERSION}`, '-V, --version')
    .helpOption('-h, --help', 'show help')
    .showSuggestionAfterError()
    .configureOutput({ outputError: (text) => sayUsage(text, 'mtlscope --help') })
    .exitOverride()
    .addHelpText('after', EXAMPLES)
  for (const command of [tapCommand(), viewCommand(), checkCommand(), sniffCommand(), demoCommand(), sidecarCommand(), caCommand(), explainCommand(), initCommand(), injectCommand(), injectorCommand(), nodeRulesCommand(), agentCommand(), hubCommand(), installCommand(), upgradeCommand(), uninstallCommand(), doctorCommand(), completionCommand(() => program)]) {
    program.addCommand(command)
    inherit(program, command, `mtlscope ${command.name()}`)
  }
  program.addCommand(holdCommand(), { hidden: true })
  return program
}

/** A command of a command speaks like its parent, and names its own help. */
function inherit(parent: Command, command: Command, words: string): void {
  command.copyInheritedSettings(parent)
  command.configureOutput({ ...command.configureOutput(), outputError: (text) => sayUsage(text, `${words} --help`) })
  for (const sub of command.commands) inherit(command, sub, `${words} ${sub.name()}`)
}

/** Sets the exit code; an operation's error becomes its line and hint, a bug keeps its stack. */
export async function runProgram(argv: readonly string[]): Promise<void> {
  // Timers and events end here too: an operation's error is told like any other.
  process.on('uncaughtException', (error) => {
    if (!(error instanceof MtlscopeError)) console.error(error)
    else sayError(error)
    process.exit(error instanceof MtlscopeError ? error.exitCode : 1)
  })
  process.stdout.on('error', endWithReader)
  // Nobody hears what is said beside the data: that does not end a capture.
  process.stderr.on('error', () => {})
  const program = buildProgram()
  try {
    if (argv.length <= 2) program.outputHelp()
    else await program.parseAsync(argv as string[])
  } catch (error) {
    if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : 2
    else if (error instanceof MtlscopeError) {
      sayError(error)
      process.exitCode = error.exitCode
    } else throw error
  }
}

/** Who reads the help may have gone (`| head -1`): that is no error. */
function endWithReader(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error
  process.exit(process.exitCode)
}

/**
 * What commander says, in the voice of this program: `error: unknown option '--prot'` with `(Did you mean --port?)`,
 * `error: option '-c, --count <n>' argument '0' is invalid. a whole number from 1.`
 */
function sayUsage(text: string, help: string): void {
  const [first = '', ...rest] = text.trim().split('\n')
  const [, message = '', advice = ''] = /^(?:error: )?(.*?)(?:\. (.*?))?\.?$/.exec(first) ?? []
  const hint = [advice, rest.join(' ').trim().replace(/^\((.*)\)$/, '$1')].find((part) => part !== '')
  sayError(new MtlscopeError('usage', message, { hint: hint === undefined ? `see: ${help}` : hint[0]!.toLowerCase() + hint.slice(1) }))
}
