import assert from 'node:assert/strict'
import { lstatSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import test from 'node:test'
import type { TestContext } from 'node:test'
import { MACHINES, readElf } from '../../scripts/image/elf.ts'
import { foreignParts } from '../../scripts/image/foreign-parts.ts'
import { layOutRoot } from '../../scripts/image/root-folder.ts'
import { ownParts } from '../../scripts/image/root-parts.ts'
import type { RootParts } from '../../scripts/image/root-parts.ts'
import { findProgram } from '../../src/sys/exec.ts'
import { need } from '../require.ts'
import { useCluster } from './test-cluster.ts'

/** What the root file system has of each kind: programs and libraries, by name, with what they need. */
async function elfFiles(t: TestContext, parts: RootParts): Promise<Map<string, { machine: number, needed: readonly string[], path: string }>> {
  const root = mkdtempSync(join(tmpdir(), 'mtlscope-root-'))
  t.after(() => rmSync(root, { recursive: true, force: true }))
  await layOutRoot(root, parts)
  const files = readdirSync(root, { recursive: true }).map(String).filter((path) => lstatSync(join(root, path)).isFile())
  return new Map(files.flatMap((path) => {
    const elf = readElf(join(root, path))
    return elf === undefined ? [] : [[basename(path), { machine: elf.machine, needed: elf.needed, path }] as const]
  }))
}

for (const cpu of Object.keys(MACHINES)) {
  test(`the image for ${cpu} has nothing of another processor, and all that its programs are linked with`, async (t) => {
    // dist/ is there where the cluster is.
    if (useCluster(t) === undefined) return
    if (cpu !== process.arch && !need(t, 'cluster', ['apt-get', 'dpkg-deb', 'npm'].every((program) => findProgram(program) !== undefined), 'apt-get, dpkg-deb and npm, for the packages of another processor')) return
    const files = await elfFiles(t, cpu === process.arch ? await ownParts() : await foreignParts(cpu, (text) => t.diagnostic(text)))
    assert.deepEqual([...files.values()].filter(({ machine }) => machine !== MACHINES[cpu]), [])
    for (const name of ['node', 'nft', 'libc.so.6', 'libnftables.so.1', 'libnss_dns.so.2']) assert.ok(files.has(name), name)
    assert.ok([...files.values()].some(({ path }) => /@koromix\/koffi-linux-[^/]+\/.*\.node$/.test(path)), 'koffi')
    for (const [name, { needed }] of files) assert.deepEqual(needed.filter((library) => !files.has(library)), [], name)
  })
}
