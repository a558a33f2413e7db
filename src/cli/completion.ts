import { Command } from 'commander'
import { MtlscopeError } from '../base/errors.ts'
import { completionScript } from './completion-script.ts'

const HELP = `
Examples:
  source <(mtlscope completion bash)
  mtlscope completion zsh > ~/.zfunc/_mtlscope
  mtlscope completion fish > ~/.config/fish/completions/mtlscope.fish`

export function completionCommand(program: () => Command): Command {
  return new Command('completion')
    .description('print a completion script for a shell')
    .argument('<shell>', 'bash, zsh or fish')
    .addHelpText('after', HELP)
    .action((shell: string) => {
      const script = completionScript(shell, program())
      if (script === undefined) throw new MtlscopeError('usage', `no completion for ${shell}`, { hint: 'one of: bash, zsh, fish' })
      process.stdout.write(script)
    })
}
