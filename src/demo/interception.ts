import { writeFileSync } from 'node:fs'
import { MtlscopeError } from '../base/errors.ts'
import { findProgram, run } from '../sys/exec.ts'
import { BACKENDS, planRoutes, planRules } from './interception-plan.ts'
import type { Backend, Interception } from './interception-plan.ts'
import { applyIp, netnsPath, STEP_TIMEOUT_MS, WORLD_FOLDER } from './network.ts'
import { SHOP } from './plan.ts'
import type { Service } from './plan.ts'

const PROGRAMS: Readonly<Record<Backend, readonly string[]>> = { nft: ['nft', '-f'], iptables: ['iptables-restore', '--noflush'] }

/**
 * Makes the rules, with 'auto' by the first program that is installed and that this kernel obeys; 'listeners' where there is none. A
 * program that was named throws 'missing-program', or 'child-failed' where it cannot make them.
 */
export async function applyInterception(wanted: Interception | 'auto'): Promise<Interception> {
  if (wanted === 'listeners') return wanted
  if (wanted === 'auto') return await applyFirst() ?? 'listeners'
  const why = await applyBackend(wanted)
  if (why !== undefined) throw new MtlscopeError('child-failed', `cannot intercept by ${wanted}: ${why}`, { facts: { program: wanted }, hint: 'try: --interception auto' })
  return wanted
}

async function applyFirst(): Promise<Backend | undefined> {
  for (const backend of BACKENDS) {
    if (findProgram(PROGRAMS[backend][0]!) !== undefined && await applyBackend(backend) === undefined) return backend
  }
  return undefined
}

/** Undefined where it worked, else why not; then nothing was done. */
async function applyBackend(backend: Backend): Promise<string | undefined> {
  const services = SHOP.filter((service) => service.sidecar)
  const [first, ...others] = services
  // All or none of the rules; where a kernel lacks a part of them it is the same in every namespace.
  const why = await applyRules(backend, first!) ?? (await Promise.all(others.map((service) => applyRules(backend, service)))).find((one) => one !== undefined)
  if (why === undefined) await Promise.all(services.map(({ name }) => applyIp(`${name}-routes`, planRoutes(), name)))
  return why
}

/** Undefined where it worked, else why not. */
async function applyRules(backend: Backend, service: Service): Promise<string | undefined> {
  const file = `${WORLD_FOLDER}/${service.name}.${backend}`
  writeFileSync(file, planRules(backend, service.ip))
  const { code, stderr } = await run('nsenter', [`--net=${netnsPath(service.name)}`, '--', ...PROGRAMS[backend], file], { timeoutMs: STEP_TIMEOUT_MS })
  return code === 0 ? undefined : stderr.trim().split('\n')[0] ?? ''
}
