import { readdirSync, realpathSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { findProgram } from '../../src/sys/exec.ts'
import { ROOT } from '../checkout.ts'
import { readElf } from './elf.ts'
import { sharedLibraries } from './shared-libraries.ts'

/** What the root file system of an image is made of, beside dist/: files of this machine, or of packages for another processor. */
export interface RootParts {
  readonly cpu: string
  readonly node: string
  /** Beside node: what `mtlscope init` sets rules with, and `explain` and `check` read those of a namespace with. */
  readonly programs: readonly string[]
  /** Where a library is, by the path that it has in the image. */
  readonly libraries: ReadonlyMap<string, string>
  /** Folder of an npm package, by its path from the checkout's root. */
  packageFolder(path: string): string
  /** Whether the strip of this machine knows these files. */
  readonly strips: boolean
}

export const PROGRAMS = ['nft', 'ip', 'ss', 'xtables-nft-multi', 'xtables-legacy-multi']
/** Names that these programs are called by: what they do is in the name. */
export const PROGRAM_LINKS: Readonly<Record<string, string>> = {
  'iptables-nft-save': 'xtables-nft-multi', 'ip6tables-nft-save': 'xtables-nft-multi', 'iptables-legacy-save': 'xtables-legacy-multi', 'ip6tables-legacy-save': 'xtables-legacy-multi',
}
/** getaddrinfo(3) loads these by name when it is called, so that nothing is linked with them. */
export const NAME_SERVICE = ['libnss_dns.so.2', 'libnss_files.so.2', 'libresolv.so.2']

/** All of it from this machine. Throws for what is not installed. */
export async function ownParts(node: string = realpathSync(process.execPath)): Promise<RootParts> {
  const programs = PROGRAMS.map(located)
  const found = (await Promise.all([node, ...programs].map(sharedLibraries))).flat()
  const libc = found.find((path) => path.endsWith('/libc.so.6'))
  const named = libc === undefined ? [] : NAME_SERVICE.map((name) => join(dirname(libc), name))
  const modules = xtablesModules(found)
  const theirs = (await Promise.all(modules.filter((path) => needsMore(path, found)).map(sharedLibraries))).flat()
  // What the loader names is a link to a file with a version; the image has the file under the name that is asked for.
  return {
    cpu: process.arch, node, programs: programs.map((path) => realpathSync(path)), strips: true, packageFolder: (path) => ROOT + path,
    libraries: new Map([...found, ...named, ...theirs, ...modules].map((path) => [path, realpathSync(path)])),
  }
}

/** How matches and targets are written: iptables loads them by name from the folder beside its library, and without one prints no rule. */
export function xtablesModules(libraries: Iterable<string>): string[] {
  const libxtables = [...libraries].find((path) => /\/libxtables\.so/.test(path))
  if (libxtables === undefined) throw new Error('iptables is not linked with libxtables')
  // Libraries of /lib are those of /usr/lib on Debian, and modules are named below the latter.
  const folder = join(dirname(libxtables).replace(/^(.*?)\/(usr\/)?lib\//, '$1/usr/lib/'), 'xtables')
  return readdirSync(folder).filter((name) => name.endsWith('.so')).map((name) => join(folder, name))
}

/** Some modules are linked with what no program is: asking the loader for each would take a second. */
function needsMore(module: string, libraries: readonly string[]): boolean {
  return readElf(module)?.needed.some((name) => !libraries.some((path) => path.endsWith(`/${name}`))) === true
}

function located(program: string): string {
  const path = findProgram(program)
  if (path === undefined) throw new Error(`${program} is not installed`)
  return path
}
