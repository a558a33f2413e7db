import { chmodSync, existsSync, mkdirSync, readFileSync, readdirSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { findProgram } from '../../src/sys/exec.ts'
import { runProgram } from '../run-program.ts'
import { cacheFolder } from './place.ts'

/** What the go.mod of Kubernetes asks for, and Helm's. */
const OLDEST = [1, 24] as const
const TOOLCHAIN = '1.24.11'
const CPUS: Readonly<Record<string, string>> = { x64: 'amd64', arm64: 'arm64' }
const REMEMBERED = (): string => join(cacheFolder(), 'go', `toolchain-${TOOLCHAIN}`)

/**
 * Path of a Go that is new enough. Debian 12 has 1.19, which cannot build Kubernetes but can fetch a newer one: toolchains are
 * modules of Go's proxy, verified by its checksum database. Throws where there is no Go at all (package golang-go).
 */
export async function goProgram(say: (text: string) => void): Promise<string> {
  const own = findProgram('go')
  if (own === undefined) throw new Error('go is not installed: npm run setup -- --cluster, or apt-get install golang-go')
  const { output } = await runProgram(own, ['version'], { env: { GOTOOLCHAIN: 'local' } })
  if (isNewEnough(output)) return own
  const fetched = rememberedToolchain()
  if (fetched !== undefined) return fetched
  say(`${output.trim()} is too old for Kubernetes: fetching go${TOOLCHAIN}, 75 MB, from Go's module proxy`)
  return await fetchToolchain(own)
}

/** `go version go1.24.11 linux/amd64` */
export function isNewEnough(versionText: string): boolean {
  const [, major = 0, minor = 0] = (/\bgo(\d+)\.(\d+)/.exec(versionText) ?? []).map(Number)
  return major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1])
}

function rememberedToolchain(): string | undefined {
  try {
    const program = readFileSync(REMEMBERED(), 'utf8')
    return existsSync(program) ? program : undefined
  } catch {
    return undefined
  }
}

async function fetchToolchain(go: string): Promise<string> {
  const module = `golang.org/toolchain@v0.0.1-go${TOOLCHAIN}.linux-${CPUS[process.arch]!}`
  // A folder that is no module of its own: an older Go does not read newer go.mod files.
  const { code, output } = await runProgram(go, ['mod', 'download', '-json', module], { cwd: '/' })
  const folder = /"Dir": "([^"]+)"/.exec(output)?.[1]
  if (code !== 0 || folder === undefined) throw new Error(`go could not fetch ${module}:\n${output.trim().split('\n').slice(-5).join('\n')}`)
  // Files of modules are never executable.
  for (const bin of [join(folder, 'bin'), ...readdirSync(join(folder, 'pkg/tool')).map((name) => join(folder, 'pkg/tool', name))]) {
    for (const name of readdirSync(bin)) chmodSync(join(bin, name), 0o755)
  }
  const program = join(folder, 'bin/go')
  mkdirSync(join(REMEMBERED(), '..'), { recursive: true })
  writeFileSync(`${REMEMBERED()}.${process.pid}`, program)
  renameSync(`${REMEMBERED()}.${process.pid}`, REMEMBERED())
  return program
}

/** Longer than a cold build of Kubernetes on two busy processors; then something hangs. */
const BUILD_SECONDS = 3600

/** Builds with that Go, and without a C compiler. Gives way to everything else on the machine. Throws with the end of what Go said. */
export async function runGo(args: readonly string[], { cwd, env, say }: { cwd: string, env?: Record<string, string>, say: (text: string) => void }): Promise<void> {
  const go = await goProgram(say)
  const beganMs = performance.now()
  const { code, output } = await runProgram('nice', ['-n', '19', 'timeout', '--kill-after=10', String(BUILD_SECONDS), go, ...args], { cwd, env: { GOTOOLCHAIN: 'local', GOROOT: '', GOFLAGS: '-buildvcs=false', CGO_ENABLED: '0', ...env } })
  if (code !== 0) throw new Error(`go ${args[0]} failed in ${cwd}:\n${output.trim().split('\n').slice(-10).join('\n')}`)
  say(`built with Go in ${Math.round((performance.now() - beganMs) / 1000)} s`)
}
