import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { runGo } from './go.ts'
import { cacheFolder } from './place.ts'

const VERSION = 'v3.19.4'
/** Of the API that templates are rendered for where no cluster is asked; Helm's own build sets it like this. */
const STAMPS = ['chartutil', 'lint/rules'].flatMap((name) => [`-X helm.sh/helm/v3/pkg/${name}.k8sVersionMajor=1`, `-X helm.sh/helm/v3/pkg/${name}.k8sVersionMinor=34`])

/** Path of Helm, built or not. */
export function helmPath(): string {
  return join(cacheFolder(), 'helm', VERSION, 'helm')
}

/** Builds it from its Go module where it is not there: two minutes of processor time, once. Throws with the end of what Go said. */
export async function buildHelm(say: (text: string) => void): Promise<string> {
  const path = helmPath()
  if (existsSync(path)) return path
  say(`building Helm ${VERSION} with Go: minutes, and only this once`)
  mkdirSync(dirname(path), { recursive: true })
  const folder = mkdtempSync(join(dirname(path), 'build-'))
  try {
    await runGo(['install', '-trimpath', '-ldflags', ['-s', '-w', `-X helm.sh/helm/v3/internal/version.version=${VERSION}`, ...STAMPS].join(' '), `helm.sh/helm/v3/cmd/helm@${VERSION}`], { cwd: '/', env: { GOBIN: folder }, say })
    renameSync(join(folder, 'helm'), path)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
  return path
}
