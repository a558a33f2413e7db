import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { findProgram } from '../../src/sys/exec.ts'
import { ROOT } from '../checkout.ts'
import { runProgram } from '../run-program.ts'
import { runGo } from './go.ts'
import { cacheFolder } from './place.ts'

const SOURCE = `${ROOT}test/cluster/kubectl/`
const VERSION = { gitVersion: 'v1.34.4', gitMajor: '1', gitMinor: '34' }
/** Clients speak with servers of the minor version before and after theirs; the tests need nothing newer than this. */
const OLDEST_MINOR = 28

/** Path of the kubectl that was built, else the name of the machine's own. */
export function kubectlProgram(): string {
  const built = builtPath()
  return existsSync(built) ? built : 'kubectl'
}

function builtPath(): string {
  const hash = createHash('sha256').update(JSON.stringify(VERSION))
  for (const file of ['main.go', 'go.mod', 'go.sum']) hash.update(readFileSync(SOURCE + file))
  return join(cacheFolder(), 'kubectl', hash.digest('hex').slice(0, 16), 'kubectl')
}

/** Builds one where the machine has none that is new enough: Debian 12 has 1.20. Throws with the end of what Go said. */
export async function buildKubectl(say: (text: string) => void): Promise<void> {
  const path = builtPath()
  if (existsSync(path) || await hasNewKubectl()) return
  say('building kubectl with Go: minutes, and only this once')
  mkdirSync(dirname(path), { recursive: true })
  const unfinished = `${path}.${process.pid}`
  const stamps = Object.entries(VERSION).map(([key, value]) => `-X k8s.io/component-base/version.${key}=${value}`)
  await runGo(['build', '-o', unfinished, '-ldflags', ['-s', '-w', ...stamps].join(' '), '.'], { cwd: SOURCE, say })
  renameSync(unfinished, path)
}

async function hasNewKubectl(): Promise<boolean> {
  if (findProgram('kubectl') === undefined) return false
  const { output } = await runProgram('kubectl', ['version', '--client', '-o', 'json'])
  return isNewKubectl(output)
}

/** What `kubectl version --client -o json` says. */
export function isNewKubectl(versionText: string): boolean {
  return Number(/"minor":\s*"(\d+)/.exec(versionText)?.[1] ?? 0) >= OLDEST_MINOR
}
