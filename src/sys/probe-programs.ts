import type { Check } from './check.ts'
import { absent, failed, ok } from './check.ts'
import { findProgram, run } from './exec.ts'

const TIMEOUT_MS = 5000

interface Program {
  program: string
  purpose: string
  /** The demo cannot do without. */
  needed: boolean
  /** Absent: starting it only for its version would take too long. */
  version?: readonly string[]
  package: string
  /** Where the package of Fedora and its kin is named otherwise. */
  dnf?: string
}

const PROGRAMS: readonly Program[] = [
  { program: 'ip', purpose: 'namespaces of the demo', needed: true, version: ['-V'], package: 'iproute2', dnf: 'iproute' },
  { program: 'unshare', purpose: 'the demo\'s own world', needed: true, version: ['--version'], package: 'util-linux' },
  { program: 'nsenter', purpose: 'starting the demo\'s processes', needed: true, version: ['--version'], package: 'util-linux' },
  { program: 'tshark', purpose: 'comparing captures', needed: false, version: ['--version'], package: 'tshark', dnf: 'wireshark-cli' },
  { program: 'wireshark', purpose: 'tap -w - | wireshark -k -i -', needed: false, package: 'wireshark' },
  { program: 'iptables', purpose: 'reading and setting rules: explain, init', needed: false, version: ['--version'], package: 'iptables' },
  { program: 'nft', purpose: 'reading and setting rules: explain, init', needed: false, version: ['--version'], package: 'nftables' },
]

export function probePrograms(): Promise<Check[]> {
  return Promise.all(PROGRAMS.map(probeProgram))
}

async function probeProgram({ program, purpose, needed, version, ...packages }: Program): Promise<Check> {
  const path = findProgram(program)
  const fields = { name: program, group: needed ? 'demo' as const : 'optional' as const, purpose }
  if (path !== undefined) return ok({ ...fields, found: await versionOf(path, version) })
  const missing = { ...fields, found: 'not installed', fix: installCommand(packages) }
  return needed ? failed(missing) : absent(missing)
}

/** The first line it says, or its path where it says nothing. */
async function versionOf(path: string, args: readonly string[] | undefined): Promise<string> {
  if (args === undefined) return path
  try {
    const { stdout, stderr } = await run(path, args, { timeoutMs: TIMEOUT_MS })
    return (stdout || stderr).trim().split('\n')[0].replace(/ \(Git.*/, '').replace(/\.$/, '') || path
  } catch {
    return path
  }
}

const MANAGERS = [['apt-get', 'apt-get install'], ['dnf', 'dnf install'], ['apk', 'apk add'], ['pacman', 'pacman -S'], ['zypper', 'zypper install']] as const

/** In the language of this machine's package manager; Debian's where none is known. */
function installCommand(packages: { package: string, dnf?: string }): string {
  const manager = MANAGERS.find(([program]) => findProgram(program) !== undefined) ?? MANAGERS[0]
  return `sudo ${manager[1]} ${manager[0] === 'dnf' ? packages.dnf ?? packages.package : packages.package}`
}
