import type { Command, Option } from 'commander'

/** Undefined for a shell that is not known. */
export function completionScript(shell: string, program: Command): string | undefined {
  if (shell === 'bash') return bash(program)
  if (shell === 'zsh') return `autoload -U +X bashcompinit && bashcompinit\n${bash(program)}`
  if (shell === 'fish') return fish(program)
  return undefined
}

/** What `--help` shows; the rest is for programs. */
const optionsOf = (c: Command): readonly Option[] => c.options.filter(({ hidden }) => !hidden)
const commandsOf = (c: Command): readonly Command[] => c.createHelp().visibleCommands(c).filter((sub) => sub.name() !== 'help')

const longNames = (c: Command): string[] => [...optionsOf(c).map((o) => o.long!).filter(Boolean), '--help']

function choices(c: Command): string[] {
  return optionsOf(c).filter((o) => o.argChoices !== undefined)
    .map((o) => `      ${[o.short, o.long].filter(Boolean).join('|')}) COMPREPLY=($(compgen -W "${o.argChoices!.join(' ')}" -- "$word")); return;;`)
}

/** Completed by what the machine has. */
const VALUES = [
  '      -r|--read|-w|--write|--csr|--tokens|--config) COMPREPLY=($(compgen -f -- "$word")); return;;',
  '      --dir|--out) COMPREPLY=($(compgen -d -- "$word")); return;;',
  '      -i|--interface) COMPREPLY=($(compgen -W "any $(ls /sys/class/net 2>/dev/null)" -- "$word")); return;;',
  '      --netns) COMPREPLY=($(compgen -W "$(ls /run/netns 2>/dev/null)" -- "$word")); return;;',
]

const namesOf = (c: Command): string => commandsOf(c).map((sub) => sub.name()).join(' ')

/** What follows the word at `depth`, which is the name of `c`: the names of its commands, or its options. */
function bashCase(c: Command, depth: number): string {
  const body = commandsOf(c).length === 0 ? bashOptions(c) : bashCommands(c, depth + 1, '--help')
  return `    ${c.name()})\n${body};;`
}

function bashCommands(c: Command, depth: number, options: string): string {
  return `  case "\${COMP_WORDS[${depth}]}" in
${commandsOf(c).map((sub) => bashCase(sub, depth)).join('\n')}
    *) COMPREPLY=($(compgen -W "${namesOf(c)} ${options}" -- "$word"));;
  esac`
}

function bashOptions(c: Command): string {
  return `      case "$before" in
${[...choices(c), ...VALUES].join('\n')}
      esac
      COMPREPLY=($(compgen -W "${longNames(c).join(' ')}" -- "$word"))`
}

function bash(program: Command): string {
  return `_mtlscope() {
  local word="\${COMP_WORDS[COMP_CWORD]}" before="\${COMP_WORDS[COMP_CWORD-1]}"
${bashCommands(program, 1, '--help --version')}
}
complete -o default -F _mtlscope mtlscope
`
}

function fish(program: Command): string {
  const names = commandsOf(program).map((c) => `complete -c mtlscope -n __fish_use_subcommand -f -a ${c.name()} -d ${quote(c.description())}`)
  return [...names, ...commandsOf(program).flatMap((c) => fishCommand(c, `__fish_seen_subcommand_from ${c.name()}`))].join('\n') + '\n'
}

/** `seen`: the condition under which `c` is the command so far. */
function fishCommand(c: Command, seen: string): string[] {
  const subs = commandsOf(c).flatMap((sub) => [
    `complete -c mtlscope -n '${seen}; and not __fish_seen_subcommand_from ${namesOf(c)}' -f -a ${sub.name()} -d ${quote(sub.description())}`,
    ...fishCommand(sub, `${seen}; and __fish_seen_subcommand_from ${sub.name()}`),
  ])
  return [...subs, ...optionsOf(c).map((o) => {
    const flags = [o.short && `-s ${o.short.slice(1)}`, o.long && `-l ${o.long.slice(2)}`].filter(Boolean).join(' ')
    const values = o.argChoices === undefined ? (o.required ? ' -r' : '') : ` -x -a ${quote(o.argChoices.join(' '))}`
    return `complete -c mtlscope -n '${seen}' ${flags}${values} -d ${quote(o.description)}`
  })]
}

function quote(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
}
