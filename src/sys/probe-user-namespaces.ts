import { readFileSync } from 'node:fs'
import type { Check } from './check.ts'
import { failed, ok } from './check.ts'
import { findProgram, run } from './exec.ts'

const TIMEOUT_MS = 5000

/** Settings that forbid user namespaces to ordinary users: the file, the value that does, and the remedy. */
const BLOCKERS = [
  ['/proc/sys/kernel/apparmor_restrict_unprivileged_userns', '1', 'sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0'],
  ['/proc/sys/kernel/unprivileged_userns_clone', '0', 'sudo sysctl kernel.unprivileged_userns_clone=1'],
  ['/proc/sys/user/max_user_namespaces', '0', 'sudo sysctl user.max_user_namespaces=15000'],
  ['/proc/sys/user/max_net_namespaces', '0', 'sudo sysctl user.max_net_namespaces=15000'],
] as const

const IN_CONTAINER = 'in a container: --security-opt seccomp=unconfined, or run as root'

/** Tries one out. */
export async function probeUserNamespaces(): Promise<Check> {
  const fields = { name: 'user-namespaces', group: 'demo' as const, purpose: 'mtlscope demo without root' }
  if (findProgram('unshare') === undefined) return failed({ ...fields, found: 'not tried: unshare is not installed', fix: 'install util-linux' })
  const said = await tryOut()
  if (said === undefined) return ok({ ...fields, found: 'made one with a network of its own' })
  const blocker = findBlocker()
  return failed({ ...fields, found: blocker === undefined ? said : `${said} (${blocker.setting})`, fix: blocker?.fix ?? IN_CONTAINER })
}

/** What unshare complained of; undefined where it worked. */
async function tryOut(): Promise<string | undefined> {
  try {
    const { code, stderr } = await run('unshare', ['-Urn', 'true'], { timeoutMs: TIMEOUT_MS })
    return code === 0 ? undefined : stderr.trim().split('\n').at(-1) ?? 'refused'
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

function findBlocker(): { setting: string, fix: string } | undefined {
  for (const [path, value, fix] of BLOCKERS) {
    if (readSetting(path) === value) return { setting: `${path.slice('/proc/sys/'.length).replaceAll('/', '.')}=${value}`, fix }
  }
  return undefined
}

function readSetting(path: string): string | undefined {
  try {
    return readFileSync(path, 'latin1').trim()
  } catch {
    return undefined
  }
}
