import { existsSync, readFileSync, statSync } from 'node:fs'
import { hostname } from 'node:os'
import { dirname, resolve } from 'node:path'
import { MtlscopeError } from '../../base/errors.ts'
import { whyNotRead } from '../../base/file-errors.ts'
import type { SidecarPlan } from '../sidecar-plan.ts'
import { hasContrastEnvironment, parseContrastEnvironment } from './contrast.ts'
import type { Machine } from './defaults.ts'
import { parseSidecarYaml } from './yaml-plan.ts'

type Environment = Readonly<Record<string, string | undefined>>

/** Where a sidecar's configuration comes from. */
export interface PlanSource {
  /** For people. */
  readonly name: string
  /** To watch; undefined for the environment, which does not change. */
  readonly file: string | undefined
  /** Throws ConfigError, 'bad-config' or 'cannot-read'. */
  read(): SidecarPlan
}

const DEFAULT_FILE = 'mtlscope.yaml'
const MAX_FILE_BYTES = 1024 * 1024

/** The file that is named; else Contrast's variables; else `mtlscope.yaml` of the current folder. Throws 'usage' where there is none. */
export function choosePlanSource(named: string | undefined, env: Environment): PlanSource {
  if (named !== undefined) return fileSource(named, env)
  if (hasContrastEnvironment(env)) return { name: 'environment of Contrast', file: undefined, read: () => parseContrastEnvironment(env, machineOf(env, '/')) }
  if (existsSync(DEFAULT_FILE)) return fileSource(DEFAULT_FILE, env)
  throw new MtlscopeError('usage', 'no configuration: neither --config, nor CONTRAST_… variables, nor mtlscope.yaml here', { hint: 'see: mtlscope sidecar --help' })
}

function fileSource(name: string, env: Environment): PlanSource {
  const path = resolve(name)
  return { name, file: path, read: () => parseSidecarYaml(readText(path, name), name, machineOf(env, dirname(path))) }
}

function readText(path: string, name: string): string {
  try {
    if (statSync(path).size <= MAX_FILE_BYTES) return readFileSync(path, 'utf8')
  } catch (cause) {
    throw new MtlscopeError('cannot-read', `cannot read ${name}: ${whyNotRead(cause)}`, { cause, facts: { path } })
  }
  throw new MtlscopeError('bad-config', `${name} is larger than ${MAX_FILE_BYTES} bytes`, { facts: { path } })
}

function machineOf(env: Environment, folder: string): Machine {
  return { workload: env.MTLSCOPE_WORKLOAD || hostname(), ipv6: hasIpv6(), folder }
}

/** Lists the addresses of IPv6 of this network namespace; empty or absent without it. */
function hasIpv6(): boolean {
  try {
    return readFileSync('/proc/net/if_inet6', 'utf8') !== ''
  } catch {
    return false
  }
}
