import { createHash } from 'node:crypto'
import { existsSync, lstatSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, realpathSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { cacheFolder } from '../cluster/place.ts'
import { ROOT } from '../checkout.ts'
import { runProgram } from '../run-program.ts'
import { readElf } from './elf.ts'
import type { RootParts } from './root-parts.ts'
import { NAME_SERVICE, PROGRAMS } from './root-parts.ts'

/** Debian's packages of nft and of every library that it or Node is linked with; readLibraries says where one is missing. */
const DEBIAN = [
  'nftables', 'libnftables1', 'libmnl0', 'libnftnl11', 'libjansson4', 'libedit2', 'libgmp10', 'libxtables12', 'libbsd0', 'libmd0', 'libtinfo6', 'iptables', 'libip4tc2', 'libip6tc2', 'libnetfilter-conntrack3', 'libnfnetlink0', 'iproute2', 'libbpf1', 'libelf1', 'zlib1g', 'libcap2', 'libselinux1', 'libpcre2-8-0', 'libtirpc3', 'libgssapi-krb5-2', 'libkrb5-3', 'libk5crypto3', 'libkrb5support0', 'libcom-err2', 'libkeyutils1', 'libssl3', 'libc6', 'libgcc-s1', 'libstdc++6',
]

interface LockedPackage { version?: string, integrity?: string, cpu?: string[] }

/**
 * The parts of an image for another processor: Node and koffi's library from npm, nft and libraries from Debian, by this machine's own
 * sources of packages. Kept in the cache folder. Needs npm, apt-get and dpkg-deb, and no root.
 */
export async function foreignParts(cpu: string, say: (text: string) => void): Promise<RootParts> {
  const lock = lockedPackages()
  const version = lock.node?.version
  if (version === undefined) throw new Error('package-lock.json has no node')
  const folder = join(cacheFolder(), 'image-parts', `${cpu}-node-${version}-2`)
  if (!existsSync(folder)) await fetchParts(folder, cpu, lock, say)
  const debian = join(folder, 'debian')
  const node = join(folder, 'npm/node/bin/node')
  const programs = PROGRAMS.map((name) => located(debian, name))
  const modules = readModules(debian)
  return {
    cpu, node, programs, strips: false, libraries: new Map([...readLibraries(debian, [node, ...programs, ...modules.values()]), ...modules]),
    packageFolder: (path) => existsSync(join(folder, 'npm', basename(path))) ? join(folder, 'npm', basename(path)) : ROOT + path,
  }
}

async function fetchParts(folder: string, cpu: string, lock: Record<string, LockedPackage>, say: (text: string) => void): Promise<void> {
  say(`fetching what an image for ${cpu} has from npm and Debian`)
  mkdirSync(dirname(folder), { recursive: true })
  const unfinished = mkdtempSync(`${folder}.`)
  try {
    await fetchPackage(`node-linux-${cpu}@${lock.node!.version}`, join(unfinished, 'npm/node'), undefined)
    // Packages of ours that are for this processor only, such as koffi's library.
    for (const [name, { version, integrity, cpu: cpus }] of Object.entries(lock)) {
      if (name.includes(`linux-${cpu}`) && cpus?.includes(cpu) === true && isProduction(name)) await fetchPackage(`${name}@${version}`, join(unfinished, 'npm', basename(name)), integrity)
    }
    await fetchDebian(join(unfinished, 'debian'), cpu)
    renameSync(unfinished, folder)
  } finally {
    rmSync(unfinished, { recursive: true, force: true })
  }
}

/** Whoever may be left out on this machine may be needed on that one; of these only the library that we load. */
function isProduction(name: string): boolean {
  return name.startsWith('@koromix/koffi-')
}

function lockedPackages(): Record<string, LockedPackage> {
  const { packages } = JSON.parse(readFileSync(`${ROOT}package-lock.json`, 'utf8')) as { packages: Record<string, LockedPackage> }
  return Object.fromEntries(Object.entries(packages).map(([path, entry]) => [path.replace(/^node_modules\//, ''), entry]))
}

/** `integrity`: what the lock file says; npm checks what the registry says by itself. */
async function fetchPackage(name: string, folder: string, integrity: string | undefined): Promise<void> {
  mkdirSync(folder, { recursive: true })
  await must('npm', ['pack', '--silent', '--pack-destination', folder, name])
  const archive = join(folder, readdirSync(folder).find((file) => file.endsWith('.tgz'))!)
  const hash = `sha512-${createHash('sha512').update(readFileSync(archive)).digest('base64')}`
  if (integrity !== undefined && hash !== integrity) throw new Error(`${name} is not what package-lock.json has: ${hash}`)
  await must('tar', ['--extract', '--gzip', '--strip-components=1', '--no-same-owner', '--directory', folder, '--file', archive])
  rmSync(archive)
}

/** By lists and a cache of its own: the machine's apt does not learn of the other processor. */
async function fetchDebian(folder: string, cpu: string): Promise<void> {
  const apt = `${folder}.apt`
  for (const path of ['state/lists/partial', 'cache/archives/partial', 'packages']) mkdirSync(join(apt, path), { recursive: true })
  writeFileSync(join(apt, 'status'), '')
  const settings = { 'APT::Architecture': cpu, 'APT::Architectures': cpu, 'Dir::State': join(apt, 'state'), 'Dir::State::status': join(apt, 'status'), 'Dir::Cache': join(apt, 'cache'), 'APT::Sandbox::User': '' }
  const options = ['-q', ...Object.entries(settings).map(([key, value]) => `-o${key}=${value}`)]
  await must('apt-get', [...options, 'update'])
  await must('apt-get', [...options, 'download', ...DEBIAN], join(apt, 'packages'))
  mkdirSync(folder, { recursive: true })
  for (const file of readdirSync(join(apt, 'packages'))) await must('dpkg-deb', ['--extract', join(apt, 'packages', file), folder])
  rmSync(apt, { recursive: true })
}

/** What the programs need and what that needs, by the paths of the packages. Throws for a library that none of them has. */
function readLibraries(root: string, programs: readonly string[]): Map<string, string> {
  const places = ['lib', 'usr/lib'].flatMap((path) => existsSync(join(root, path)) ? [join(root, path), ...readdirSync(join(root, path)).filter((name) => name.endsWith('-linux-gnu')).map((name) => join(root, path, name))] : [])
  const libraries = new Map<string, string>()
  const add = (name: string, by: string): void => {
    const place = places.find((folder) => existsSync(join(folder, name)))
    if (place === undefined) throw new Error(`${by} needs ${name}, which no package has`)
    const path = join(place, name)
    const target = path.slice(root.length)
    if (libraries.has(target)) return
    libraries.set(target, realpathSync(path))
    follow(libraries.get(target)!)
  }
  const follow = (file: string): void => {
    const { needed = [], interpreter } = readElf(file) ?? {}
    for (const name of [...needed, ...interpreter === undefined ? [] : [basename(interpreter)]]) add(name, basename(file))
  }
  programs.forEach(follow)
  for (const name of NAME_SERVICE) add(name, 'getaddrinfo')
  return libraries
}

/** Not by a link: those of packages are absolute, and lead into this machine. */
function located(root: string, program: string): string {
  const path = ['usr/sbin', 'usr/bin', 'sbin', 'bin'].map((place) => join(root, place, program)).find((one) => lstatSync(one, { throwIfNoEntry: false })?.isFile() === true)
  if (path === undefined) throw new Error(`no package has ${program}`)
  return path
}

/** Of iptables, which loads them by name. */
function readModules(root: string): Map<string, string> {
  const folders = readdirSync(join(root, 'usr/lib')).map((name) => join(root, 'usr/lib', name, 'xtables')).filter((folder) => existsSync(folder))
  return new Map(folders.flatMap((folder) => readdirSync(folder).filter((name) => name.endsWith('.so')).map((name) => [join(folder, name).slice(root.length), realpathSync(join(folder, name))] as const)))
}

async function must(program: string, args: readonly string[], cwd?: string): Promise<void> {
  const { code, output } = await runProgram(program, args, { ...cwd !== undefined && { cwd } })
  if (code !== 0) throw new Error(`${program} ${args.join(' ')}: ${output.trim().split('\n').slice(-5).join('\n')}`)
}
