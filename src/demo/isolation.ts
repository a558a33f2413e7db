import { MtlscopeError } from '../base/errors.ts'
import { findProgram, run } from '../sys/exec.ts'

/** Programs that the demo starts, and the package that has each. */
const PROGRAMS: Readonly<Record<string, string>> = { unshare: 'util-linux', setpriv: 'util-linux', nsenter: 'util-linux', mount: 'mount', ip: 'iproute2' }

/** Namespaces of its own for everything that could be left behind; the kernel frees them all with the first process in them. */
const NAMESPACES = ['--net', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc']
/** An ordinary user is root in a user namespace of its own. */
const USER_NAMESPACE = ['--user', '--map-root-user']
const PROBE_TIMEOUT_MS = 5000

/** Throws 'missing-program' with the package to install. */
export function requirePrograms(): void {
  const missing = Object.keys(PROGRAMS).filter((name) => findProgram(name) === undefined)
  if (missing.length === 0) return
  const packages = [...new Set(missing.map((name) => PROGRAMS[name]))].join(' ')
  throw new MtlscopeError('missing-program', `the demo needs ${missing.join(', ')}`, { hint: `apt-get install ${packages}`, facts: { missing: missing.join(' ') } })
}

/**
 * Arguments of unshare that work here, tried out: with this user's own rights where they suffice, else in a user namespace.
 * Throws 'not-permitted' where neither is allowed.
 */
export async function planIsolation(root: boolean): Promise<string[]> {
  const choices = root ? [NAMESPACES, [...USER_NAMESPACE, ...NAMESPACES]] : [[...USER_NAMESPACE, ...NAMESPACES]]
  let why = ''
  for (const flags of choices) {
    const { code, stderr } = await run('unshare', [...flags, 'mount', '-t', 'tmpfs', 'mtlscope', '/run'], { timeoutMs: PROBE_TIMEOUT_MS })
    if (code === 0) return flags
    why = stderr.trim().split('\n').at(-1) ?? ''
  }
  throw new MtlscopeError('not-permitted', `cannot make namespaces for the demo: ${why}`, {
    hint: root ? 'needs CAP_SYS_ADMIN or user namespaces; try: mtlscope doctor' : 'user namespaces are forbidden here; run it as root, or try: mtlscope doctor',
  })
}
