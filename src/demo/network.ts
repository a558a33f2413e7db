import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { MtlscopeError } from '../base/errors.ts'
import { run } from '../sys/exec.ts'
import { planNetwork } from './plan.ts'

/** Lies on a tmpfs of the world's own, so it goes when the world goes. */
export const WORLD_FOLDER = '/run/mtlscope'

const MEMORY_FOLDER = '/dev/shm'
export const STEP_TIMEOUT_MS = 10_000

/** Puts an empty file system over /run, and over what Envoy's secrets lie on: in the world's own mount namespace, so nobody else sees it. */
export async function applyFolders(): Promise<void> {
  await runStep('mount', ['-t', 'tmpfs', '-o', 'mode=0755,size=16m', 'mtlscope', '/run'])
  if (existsSync(MEMORY_FOLDER)) await runStep('mount', ['-t', 'tmpfs', '-o', 'mode=1777,size=16m', 'mtlscope', MEMORY_FOLDER])
  mkdirSync('/run/netns')
  mkdirSync(WORLD_FOLDER, { mode: 0o700 })
}

/** Namespaces, bridge and addresses of the shop. */
export async function applyNetwork(): Promise<void> {
  const { world, inside } = planNetwork()
  await applyIp('world', world)
  await Promise.all([...inside].map(([name, lines]) => applyIp(name, lines, name)))
}

export function netnsPath(service: string): string {
  return `/run/netns/${service}`
}

/** Lines of `ip -batch`, in the namespace of a service or in the world's own. `name`: of the file that they lie in. */
export async function applyIp(name: string, lines: readonly string[], service?: string): Promise<void> {
  const file = `${WORLD_FOLDER}/${name}.ip`
  writeFileSync(file, lines.join('\n') + '\n')
  await runStep('ip', [...service === undefined ? [] : ['-n', service], '-batch', file])
}

async function runStep(program: string, args: string[]): Promise<void> {
  const { code, stderr } = await run(program, args, { timeoutMs: STEP_TIMEOUT_MS })
  if (code === 0) return
  throw new MtlscopeError('child-failed', `${program} ${args.join(' ')} failed: ${stderr.trim().split('\n').at(-1) ?? ''}`, {
    hint: 'try: mtlscope doctor', facts: { program, stderr },
  })
}
