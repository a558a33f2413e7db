import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Result } from './report.ts'

const ROOT = fileURLToPath(new URL('../', import.meta.url))
const ARCHIVE_LIMIT_BYTES = 1024 ** 3

/**
 * Runs the benches of another commit, with that commit's own code and bench files, on this machine.
 * The checkout is left as it is: the commit is unpacked into a temporary folder. Benches that it has not yet are left out.
 */
export function runAgainst(ref: string, names: readonly string[]): Result[] {
  const folder = mkdtempSync(join(tmpdir(), 'mtlscope-bench-'))
  try {
    unpack(ref, folder)
    linkPackages(folder)
    const report = join(folder, '.bench.json')
    execFileSync(process.execPath, ['bench/main.ts', '--known', '--json', report, ...names], { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] })
    return (JSON.parse(readFileSync(report, 'utf8')) as { results: Result[] }).results
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function unpack(ref: string, folder: string): void {
  const archive = join(folder, '.tar')
  writeFileSync(archive, execFileSync('git', ['archive', '--format=tar', ref], { cwd: ROOT, maxBuffer: ARCHIVE_LIMIT_BYTES }))
  execFileSync('tar', ['-xf', archive, '-C', folder])
  rmSync(archive)
}

/** The same lock file means the same packages, which can be shared; another one is installed. */
function linkPackages(folder: string): void {
  if (lockOf(folder) === lockOf(ROOT)) symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'))
  else execFileSync('npm', ['ci', '--prefer-offline'], { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] })
}

function lockOf(root: string): string {
  return readFileSync(join(root, 'package-lock.json'), 'utf8')
}
