import { readFileSync } from 'node:fs'
import { once } from 'node:events'
import { MtlscopeError } from '../base/errors.ts'
import { findProgram } from '../sys/exec.ts'
import type { RunningProcess } from '../sys/spawn.ts'
import { startProcess } from '../sys/spawn.ts'
import type { Output } from './tap-output.ts'

/** A Wireshark that shows packets as they are written. */
export class Wireshark implements Output {
  readonly #process: RunningProcess
  closed = false

  private constructor(process: RunningProcess) {
    this.#process = process
    void process.exited.then(() => { this.closed = true })
  }

  /** @throws MtlscopeError missing-program with how to install it */
  static start(): Wireshark {
    const program = findProgram('wireshark')
    if (program === undefined) throw notInstalled()
    const caller = asCaller(process.env, process.getuid?.() === 0)
    const [first, ...words] = [...caller, program, '-k', '-i', '-']
    const home = caller.length === 0 ? undefined : homeOf(process.env.SUDO_UID!)
    // A session of its own: Ctrl-C ends the capture, and what was captured can still be read.
    return new Wireshark(startProcess(first!, words, { stdin: 'pipe', output: 'inherit', detached: true, env: { ...process.env, ...(home !== undefined && { HOME: home }) } }))
  }

  /** Settled when there is room for more. */
  write(data: string | Uint8Array): void | Promise<void> {
    const stdin = this.#process.stdin!
    if (this.closed || stdin.write(data)) return
    return Promise.race([once(stdin, 'drain').then(() => {}, () => {}), this.#process.exited.then(() => {})])
  }

  /** The end of the packets. Wireshark stays open until it is closed; resolves then. */
  async end(): Promise<void> {
    this.#process.stdin!.end()
    await this.#process.exited
  }
}

/** Words before a program that make it run as whoever called sudo: root needs no window, and what reads packets of strangers should not be root. */
export function asCaller({ SUDO_UID: uid, SUDO_GID: gid }: NodeJS.ProcessEnv, isRoot: boolean): string[] {
  const ids = [uid, gid]
  if (!isRoot || !ids.every((id) => id !== undefined && /^[1-9]\d{0,9}$/.test(id)) || findProgram('setpriv') === undefined) return []
  return ['setpriv', `--reuid=${uid}`, `--regid=${gid}`, '--init-groups', '--']
}

/** sudo leaves root's, where the settings of another are. passwd(5). */
function homeOf(uid: string): string | undefined {
  try {
    return readFileSync('/etc/passwd', 'utf8').split('\n').map((line) => line.split(':')).find((fields) => fields[2] === uid)?.[5]
  } catch {
    return undefined
  }
}

function notInstalled(): MtlscopeError {
  return new MtlscopeError('missing-program', 'wireshark is not installed', {
    hint: `${installWords(osIds())}; or write a file and open it elsewhere: -w FILE; or from a machine that has it: ssh HOST sudo mtlscope sniff … -w - | wireshark -k -i -`,
  })
}

/** @param ids ID and ID_LIKE of os-release(5) */
export function installWords(ids: readonly string[]): string {
  const has = (...names: string[]): boolean => names.some((name) => ids.includes(name))
  if (has('debian', 'ubuntu')) return 'install it: sudo apt install wireshark'
  if (has('fedora', 'rhel', 'centos')) return 'install it: sudo dnf install wireshark'
  if (has('suse', 'opensuse')) return 'install it: sudo zypper install wireshark'
  if (has('arch')) return 'install it: sudo pacman -S wireshark-qt'
  if (has('alpine')) return 'install it: sudo apk add wireshark'
  return 'install it: https://www.wireshark.org/download.html'
}

function osIds(): string[] {
  try {
    return parseOsIds(readFileSync('/etc/os-release', 'utf8'))
  } catch {
    return []
  }
}

/** The words of ID and ID_LIKE. */
export function parseOsIds(text: string): string[] {
  return [...text.matchAll(/^ID(?:_LIKE)?=["']?([^"'\n]*)["']?$/gm)].flatMap(([, words]) => words!.split(/\s+/)).filter((word) => word !== '')
}
