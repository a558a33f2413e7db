import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

const INSIDE = 'MTLSCOPE_TEST_USER_NAMESPACE'
const CAP_SYS_ADMIN = 21

/**
 * Makes a test file able to create network namespaces. Call it first thing in the file, before any test is declared.
 * With CAP_SYS_ADMIN it does nothing. Without, it runs the whole file again as root of a user namespace of its own
 * (with a private /run, where `ip netns` keeps its names) and ends this process with that one's exit code.
 * False where user namespaces are not permitted either: then `need(t, 'netns', …)` skips.
 */
export function ensureNetns(): boolean {
  if (process.env[INSIDE] !== undefined || isAdmin()) return true
  if (spawnSync('unshare', ['-Urnm', 'true'], { stdio: 'ignore' }).status !== 0) return false
  const setUp = 'mount -t tmpfs tmpfs /run && ip link set lo up && exec "$@"'
  const again = [process.execPath, ...process.execArgv, ...process.argv.slice(1)]
  const { status } = spawnSync('unshare', ['-Urnm', 'sh', '-c', setUp, 'sh', ...again], {
    stdio: 'inherit', env: { ...process.env, [INSIDE]: '1' },
  })
  process.exit(status ?? 1)
}

function isAdmin(): boolean {
  const digits = /^CapEff:\s*([0-9a-f]+)$/m.exec(readFileSync('/proc/self/status', 'latin1'))?.[1] ?? '0'
  return (BigInt(`0x${digits}`) >> BigInt(CAP_SYS_ADMIN) & 1n) === 1n
}
