import { chmodSync, cpSync, mkdirSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { findProgram } from '../../src/sys/exec.ts'
import { ROOT } from '../checkout.ts'
import { runProgram } from '../run-program.ts'
import { productionPackages } from './production-packages.ts'
import { sharedLibraries } from './shared-libraries.ts'

/** The user of the sidecar, which the rules of `mtlscope init` let through. */
export const IMAGE_USER = 1337
const APP = '/opt/mtlscope'
/** Beside node: what `mtlscope init` sets rules with. */
const PROGRAMS = ['nft']
/** Of npm packages: what nobody runs. */
const NEVER_RUN = /\.(?:md|markdown|map|d\.[cm]?ts|[cm]?ts|cc|cpp|hh|html)$|\/(?:test|tests|examples|benchmarks|\.github)$|\/koffi\/(?:vendor|doc)$/

/** Lays out the root file system of the image in `folder`: node, nft, their libraries, dist/ and the packages that it imports. */
export async function layOutRoot(folder: string, node: string = realpathSync(process.execPath)): Promise<void> {
  for (const path of ['/usr/bin', '/tmp', '/etc', '/run', '/proc', '/sys', '/dev', APP]) mkdirSync(folder + path, { recursive: true })
  for (const path of ['bin', 'sbin']) symlinkSync('usr/bin', join(folder, path))
  chmodSync(`${folder}/tmp`, 0o1777)
  writeFileSync(`${folder}/etc/passwd`, `root:x:0:0:root:/:/sbin/nologin\nmtlscope:x:${IMAGE_USER}:${IMAGE_USER}:mtlscope:/tmp:/sbin/nologin\n`)
  writeFileSync(`${folder}/etc/group`, `root:x:0:\nmtlscope:x:${IMAGE_USER}:\n`)
  writeFileSync(`${folder}/etc/nsswitch.conf`, 'hosts: files dns\n')
  // nft prints and reads protocols by name.
  writeFileSync(`${folder}/etc/protocols`, 'ip 0 IP\nicmp 1 ICMP\ntcp 6 TCP\nudp 17 UDP\nipv6-icmp 58 IPv6-ICMP\nsctp 132 SCTP\n')
  await copyPrograms(folder, node)
  copyApp(folder)
}

async function copyPrograms(folder: string, node: string): Promise<void> {
  const programs = [node, ...PROGRAMS.map(located)]
  const libraries = await Promise.all(programs.map(sharedLibraries))
  for (const program of programs) cpSync(realpathSync(program), `${folder}/usr/bin/${basename(program)}`)
  // What the loader names is a link to a file with a version; the image has the file under the name that is asked for.
  for (const library of new Set(libraries.flat())) {
    mkdirSync(folder + dirname(library), { recursive: true })
    cpSync(realpathSync(library), folder + library)
  }
  for (const library of await nameServiceLibraries(node)) cpSync(realpathSync(library), folder + library)
  await runProgram('strip', ['--strip-unneeded', `${folder}/usr/bin/node`])
}

/** getaddrinfo(3) loads these by name when it is called, so that nothing is linked with them. */
async function nameServiceLibraries(node: string): Promise<string[]> {
  const libc = (await sharedLibraries(node)).find((path) => path.endsWith('/libc.so.6'))
  return libc === undefined ? [] : ['libnss_dns.so.2', 'libnss_files.so.2', 'libresolv.so.2'].map((name) => join(dirname(libc), name))
}

function located(program: string): string {
  const path = findProgram(program)
  if (path === undefined) throw new Error(`${program} is not installed`)
  return path
}

function copyApp(folder: string): void {
  cpSync(`${ROOT}dist`, `${folder}${APP}/dist`, { recursive: true })
  for (const file of ['package.json', 'LICENSE']) cpSync(ROOT + file, `${folder}${APP}/${file}`)
  for (const path of productionPackages(process.arch)) {
    cpSync(ROOT + path, `${folder}${APP}/${path}`, { recursive: true, filter: (source) => !NEVER_RUN.test(source) && !nested(path, source) })
  }
  symlinkSync(`${APP}/dist/cli/main.js`, `${folder}/usr/bin/mtlscope`)
}

/** A package within a package has a row of its own in the lock file. */
function nested(path: string, source: string): boolean {
  return source.slice((ROOT + path).length).startsWith('/node_modules')
}
