import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

export const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))
export const CAPTURES = fileURLToPath(new URL('../fixtures/captures/', import.meta.url))
/** Only of what hangs. */
const TIMEOUT_MS = 100_000

export interface Said { readonly status: number | null, readonly stdout: string, readonly stderr: string }

/** Runs a line of bash in `cwd`, where `mtlscope` is the program of this checkout. No terminal, English, UTC. */
export async function shell(line: string, cwd: string, env: Record<string, string> = {}): Promise<Said> {
  const script = `mtlscope() { "${process.execPath}" "${MAIN}" "$@"; }\n${line}`
  const child = spawn('bash', ['-c', script], { cwd, stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, TZ: 'UTC', LC_ALL: 'C', ...env }, timeout: TIMEOUT_MS })
  let [stdout, stderr] = ['', '']
  child.stdout.setEncoding('utf8').on('data', (text: string) => { stdout += text })
  child.stderr.setEncoding('utf8').on('data', (text: string) => { stderr += text })
  const [status] = await once(child, 'close') as [number | null]
  return { status, stdout, stderr }
}

export interface Entry { readonly command: string, readonly expected: string }

/**
 * A transcript: what is typed after `$ `, then what comes: standard output as it is, standard error after `! `, and a last
 * line `[2]` where the exit code is not 0. `…` stands for anything within a line, and alone for any lines. Lines with `#` are notes.
 */
export function parseTranscript(text: string): Entry[] {
  const plain = text.split('\n').filter((line) => !line.startsWith('#')).join('\n')
  return plain.split(/^\$ /m).slice(1).map((part) => {
    const end = part.indexOf('\n')
    return { command: part.slice(0, end), expected: part.slice(end + 1).trim() }
  })
}

export function textOf({ status, stdout, stderr }: Said): string {
  const errors = stderr.split('\n').filter(Boolean).map((line) => `! ${line}`)
  return [stdout.trimEnd(), ...errors, status === 0 ? '' : `[${status}]`].filter(Boolean).join('\n')
}

export function patternOf(expected: string): RegExp {
  const lines = expected.split('\n').map((line) => line === '…' ? '(?:.*\n)*?.*' : line.split('…').map(quote).join('.*'))
  return new RegExp(`^${lines.join('\n')}$`)
}

function quote(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&')
}
