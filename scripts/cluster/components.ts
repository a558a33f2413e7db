import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from '../checkout.ts'
import { runGo } from './go.ts'
import { cacheFolder } from './place.ts'

const SOURCE = `${ROOT}test/cluster/components/`
const VERSION = { gitVersion: 'v1.34.4', gitMajor: '1', gitMinor: '34' }
const FILES = ['main.go', 'go.mod', 'go.sum']

/** Path of the binary of API server, controller manager, scheduler, kubelet and kube-proxy, built or not. */
export function componentsPath(): string {
  const hash = createHash('sha256').update(JSON.stringify(VERSION))
  for (const file of FILES) hash.update(readFileSync(SOURCE + file))
  return join(cacheFolder(), 'kubernetes', hash.digest('hex').slice(0, 16), 'kubernetes')
}

/**
 * Builds it where it is not there: ten minutes of processor time, once. Throws with the end of what Go said.
 */
export async function buildComponents(say: (text: string) => void): Promise<string> {
  const path = componentsPath()
  if (existsSync(path)) return path
  say('building the five components of Kubernetes with Go: minutes, and only this once')
  mkdirSync(join(path, '..'), { recursive: true })
  const unfinished = `${path}.${process.pid}`
  const stamps = Object.entries(VERSION).map(([key, value]) => `-X k8s.io/component-base/version.${key}=${value}`)
  await runGo(['build', '-o', unfinished, '-ldflags', ['-s', '-w', ...stamps].join(' '), '.'], { cwd: SOURCE, say })
  renameSync(unfinished, path)
  return path
}
