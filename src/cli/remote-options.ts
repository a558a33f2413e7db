import type { Command } from 'commander'
import { Option } from 'commander'
import { pullSecretOption } from './pull-secret.ts'

/** What commands have in common that look into pods from a machine outside the cluster. */
export function addRemoteOptions(command: Command): Command {
  return command
    .optionsGroup('From outside the cluster:')
    .option('--remote', 'through agents in the cluster, also where this machine is a node of it (the default where it is none)')
    .option('--image <name>', 'by short-lived agents of this image, also where agents are installed (default where none are: mtlscope:latest)')
    .addOption(new Option('--image-pull-policy <policy>', 'of short-lived agents').choices(['Always', 'IfNotPresent', 'Never']))
    .addOption(pullSecretOption('short-lived agents are pulled with, in their namespace'))
    .option('--agent-namespace <name>', 'where agents are, or short-lived ones are made (default: mtlscope where it is there, else that of the context)')
    .addOption(new Option('--pods-from <place>', 'which pods: told on standard input by who started it').choices(['-']).hideHelp())
}
