import type { Command } from 'commander'
import { list } from './values.ts'

const IN_THE_KERNEL = 'Filters (in the kernel where they fit):'

/** How --mesh finds proxies, and which workloads are meant. */
export function addMeshOptions(command: Command): Command {
  return command
    .option('--procfs <dir>', 'where the procfs is that --mesh scans and --pid looks into', '/proc')
    .option('--exe <name>', 'further name of a proxy executable for --mesh (repeatable)', list)
    .option('--ip <list>', 'with --mesh: only workloads with these addresses', list)
}

/** Which frames are captured; the group is open for further filters. `never`: of ports that are left out in any case. */
export function addFrameFilters(command: Command, group = IN_THE_KERNEL, never = ''): Command {
  return command
    .optionsGroup(group)
    .option('--port <list>', 'only these ports: 80,8000-8010 (repeatable)', list)
    .option('--not-port <list>', `not these ports (repeatable)${never}`, list)
    .option('--host <list>', 'only these addresses or networks: 10.0.0.7,10.1.0.0/16 (repeatable)', list)
}
