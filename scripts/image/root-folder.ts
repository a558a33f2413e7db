import { chmodSync, cpSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { ROOT } from '../checkout.ts'
import { runProgram } from '../run-program.ts'
import { productionPackages } from './production-packages.ts'
import type { RootParts } from './root-parts.ts'
import { PROGRAM_LINKS } from './root-parts.ts'

/** The user of the sidecar, which the rules of `mtlscope init` let through. */
export const IMAGE_USER = 1337
const APP = '/opt/mtlscope'
/** Of npm packages: what nobody runs, and what is for another C library. */
const NEVER_RUN = /\.(?:md|markdown|map|d\.[cm]?ts|[cm]?ts|cc|cpp|hh|html)$|\/(?:test|tests|examples|benchmarks|\.github)$|\/koffi\/(?:vendor|doc)$|\/musl_\w+$/

/** Lays out the root file system of the image in `folder`: node, nft, their libraries, dist/ and the packages that it imports. */
export async function layOutRoot(folder: string, parts: RootParts): Promise<void> {
  for (const path of ['/usr/bin', '/tmp', '/etc', '/run', '/proc', '/sys', '/dev', APP]) mkdirSync(folder + path, { recursive: true })
  for (const path of ['bin', 'sbin']) symlinkSync('usr/bin', join(folder, path))
  chmodSync(`${folder}/tmp`, 0o1777)
  writeFileSync(`${folder}/etc/passwd`, `root:x:0:0:root:/:/sbin/nologin\nmtlscope:x:${IMAGE_USER}:${IMAGE_USER}:mtlscope:/tmp:/sbin/nologin\n`)
  writeFileSync(`${folder}/etc/group`, `root:x:0:\nmtlscope:x:${IMAGE_USER}:\n`)
  writeFileSync(`${folder}/etc/nsswitch.conf`, 'hosts: files dns\n')
  // nft prints and reads protocols by name.
  writeFileSync(`${folder}/etc/protocols`, 'ip 0 IP\nicmp 1 ICMP\ntcp 6 TCP\nudp 17 UDP\nipv6-icmp 58 IPv6-ICMP\nsctp 132 SCTP\n')
  await copyPrograms(folder, parts)
  copyApp(folder, parts)
}

async function copyPrograms(folder: string, { node, programs, libraries, strips }: RootParts): Promise<void> {
  for (const program of [node, ...programs]) cpSync(program, `${folder}/usr/bin/${basename(program)}`)
  for (const [name, target] of Object.entries(PROGRAM_LINKS)) symlinkSync(target, `${folder}/usr/bin/${name}`)
  for (const [target, source] of libraries) {
    mkdirSync(folder + dirname(target), { recursive: true })
    cpSync(source, folder + target)
  }
  if (strips) await runProgram('strip', ['--strip-unneeded', `${folder}/usr/bin/node`])
}

function copyApp(folder: string, { cpu, packageFolder }: RootParts): void {
  cpSync(`${ROOT}dist`, `${folder}${APP}/dist`, { recursive: true })
  for (const file of ['package.json', 'LICENSE']) cpSync(ROOT + file, `${folder}${APP}/${file}`)
  for (const path of productionPackages(cpu)) {
    const home = packageFolder(path)
    cpSync(home, `${folder}${APP}/${path}`, { recursive: true, filter: (source) => !NEVER_RUN.test(source) && !nested(home, source) })
  }
  symlinkSync(`${APP}/dist/cli/main.js`, `${folder}/usr/bin/mtlscope`)
}

/** A package within a package has a row of its own in the lock file. */
function nested(home: string, source: string): boolean {
  return source.slice(home.length).startsWith('/node_modules')
}
