import type { Command } from 'commander'

/** Undefined for a shell that is not known. */
export function completionScript(shell: string, program: Command): string | undefined {
  if (shell === 'bash') return bash(program)
  if (shell === 'zsh') return `autoload -U +X bashcompinit && bashcompinit\n${bash(program)}`
  if (shell === 'fish') return fish(program)
  return undefined
}

const longNames = (c: Command): string[] => [...c.options.map((o) => o.long!).filter(Boolean), '--help']

function choices(c: Command): string[] {
  return c.options.filter((o) => o.argChoices !== undefined)
    .map((o) => `      ${[o.short, o.long].filter(Boolean).join('|')}) COMPREPLY=($(compgen -W "${o.argChoices!.join(' ')}" -- "$word")); return;;`)
}

function bash(program: Command): string {
  const names = program.commands.map((c) => c.name())
  const cases = program.commands.map((c) => `    ${c.name()})
      case "$before" in
${[...choices(c), '      -r|--read|-w|--write) COMPREPLY=($(compgen -f -- "$word")); return;;',
    '      -i|--interface) COMPREPLY=($(compgen -W "any $(ls /sys/class/net 2>/dev/null)" -- "$word")); return;;',
    '      --netns) COMPREPLY=($(compgen -W "$(ls /run/netns 2>/dev/null)" -- "$word")); return;;'].join('\n')}
      esac
      COMPREPLY=($(compgen -W "${longNames(c).join(' ')}" -- "$word"));;`)
  return `_mtlscope() {
  local word="\${COMP_WORDS[COMP_CWORD]}" before="\${COMP_WORDS[COMP_CWORD-1]}"
  case "\${COMP_WORDS[1]}" in
${cases.join('\n')}
    *) COMPREPLY=($(compgen -W "${names.join(' ')} --help --version" -- "$word"));;
  esac
}
complete -o default -F _mtlscope mtlscope
`
}

function fish(program: Command): string {
  const lines = program.commands.map((c) => `complete -c mtlscope -n __fish_use_subcommand -f -a ${c.name()} -d ${quote(c.description())}`)
  for (const c of program.commands) {
    for (const o of c.options) {
      const flags = [o.short && `-s ${o.short.slice(1)}`, o.long && `-l ${o.long.slice(2)}`].filter(Boolean).join(' ')
      const values = o.argChoices === undefined ? (o.required ? ' -r' : '') : ` -x -a ${quote(o.argChoices.join(' '))}`
      lines.push(`complete -c mtlscope -n '__fish_seen_subcommand_from ${c.name()}' ${flags}${values} -d ${quote(o.description)}`)
    }
  }
  return lines.join('\n') + '\n'
}

function quote(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
}
