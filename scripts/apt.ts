import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findProgram } from '../src/sys/exec.ts'
import { runProgram } from './run-program.ts'

/** Debian asks this before it starts a service; 101 forbids it (policy-rc.d(8) of its init-system-helpers). */
const POLICY = '/usr/sbin/policy-rc.d'
const QUIET = { DEBIAN_FRONTEND: 'noninteractive', NEEDRESTART_SUSPEND: '1' }
const OPTIONS = ['-y', '-q', '--no-install-recommends', '-o', 'DPkg::Lock::Timeout=120']
/** Of the packages that may be installed here, those that bring a service of the same name. */
const SERVICES = ['nginx', 'haproxy', 'redis-server', 'etcd', 'containerd']

/** True where apt-get can install without asking for a password. */
export function mayInstall(): boolean {
  return process.getuid?.() === 0 && findProgram('apt-get') !== undefined
}

/** Installs packages, starts none of their services. Returns what apt-get said where it failed. */
export async function installPackages(packages: readonly string[]): Promise<string | undefined> {
  await answerQuestions()
  const release = forbidServices()
  const interrupted = (): void => {
    release()
    process.exit(130)
  }
  process.once('SIGINT', interrupted)
  try {
    return await aptInstall(packages)
  } finally {
    process.off('SIGINT', interrupted)
    release()
    await keepServicesOff(packages)
  }
}

/** The lists are fetched only where the first try shows that they are absent or old. */
async function aptInstall(packages: readonly string[]): Promise<string | undefined> {
  const install = ['install', ...OPTIONS, ...packages]
  if ((await runProgram('apt-get', install, { env: QUIET })).code === 0) return undefined
  console.log('  apt-get update')
  await runProgram('apt-get', ['update', '-q'], { env: QUIET })
  const { code, output } = await runProgram('apt-get', install, { env: QUIET })
  return code === 0 ? undefined : output.trim().split('\n').slice(-8).join('\n')
}

/** tshark asks whether ordinary users may capture: no, as Debian's default is. */
async function answerQuestions(): Promise<void> {
  if (findProgram('debconf-set-selections') === undefined) return
  const folder = mkdtempSync(join(tmpdir(), 'mtlscope-setup-'))
  const answers = join(folder, 'answers')
  writeFileSync(answers, 'wireshark-common wireshark-common/install-setuid boolean false\n')
  await runProgram('debconf-set-selections', [answers])
  rmSync(folder, { recursive: true })
}

/** Where the machine has a policy of its own, that one holds. */
function forbidServices(): () => void {
  if (existsSync(POLICY)) return () => {}
  console.log(`  ${POLICY} forbids starting services until this is done`)
  writeFileSync(POLICY, '#!/bin/sh\nexit 101\n', { mode: 0o755 })
  return () => rmSync(POLICY, { force: true })
}

/** Not started now is not enough under systemd: the next boot would. */
async function keepServicesOff(packages: readonly string[]): Promise<void> {
  if (!existsSync('/run/systemd/system')) return
  const services = SERVICES.filter((service) => packages.some((name) => name.startsWith(service)))
  if (services.length > 0) await runProgram('systemctl', ['disable', '--quiet', ...services])
}
