import { realpathSync } from 'node:fs'
import type { Capture } from '../model/flow.ts'

export type ProxyKind = 'envoy' | 'linkerd2-proxy' | 'ztunnel' | 'haproxy' | 'ghostunnel' | 'mtlscope' | 'other'

/** A process that stands between an app and the wire. */
export interface Proxy {
  readonly pid: number
  /** Clock ticks after boot when it started: the same pid with another number is another process. */
  readonly startTicks: number
  /** Path of the executable, made fit for a terminal. */
  readonly exe: string
  readonly kind: ProxyKind
  readonly netnsInode: number
  /** Pod or workload as its environment has it: a hint for people, which anybody can forge. */
  readonly name?: string
  /** Address as its environment has it. Nothing is decided by it. */
  readonly environIp?: string
}

const KINDS: ReadonlyMap<string, ProxyKind> = new Map<string, ProxyKind>([
  ['envoy', 'envoy'],
  ['linkerd2-proxy', 'linkerd2-proxy'],
  ['ztunnel', 'ztunnel'],
  ['haproxy', 'haproxy'],
  ['ghostunnel', 'ghostunnel'],
  ['mtlscope', 'mtlscope'],
])
/** The kernel keeps so many bytes of a process' name. */
const COMM_LENGTH = 15
/** First argument of an mtlscope that watches instead of relaying. */
const WATCHING = new Set(['tap', 'sniff', 'demo', 'doctor', 'explain', 'init', 'inject', 'install', 'check', 'ca', 'completion', 'help', '--help', '-h', '--version', '-V'])

export function captureOf(kind: ProxyKind): Capture {
  if (kind === 'envoy') return 'envoy'
  return kind === 'linkerd2-proxy' ? 'linkerd' : 'sidecar'
}

export function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}

/** Which executables are proxies: by the whole name of the file, never by a part of it. */
export class ProxyNames {
  readonly #kinds = new Map(KINDS)
  readonly #paths = new Set<string>()

  /** `extra`: further names; one with a directory means that file only, also where the path given is a link to it. */
  constructor(extra: readonly string[]) {
    for (const exe of extra) {
      if (exe.includes('/')) this.#addPath(exe)
      else if (!this.#kinds.has(exe)) this.#kinds.set(exe, 'other')
    }
  }

  #addPath(path: string): void {
    this.#paths.add(path)
    try {
      this.#paths.add(realpathSync(path))
    } catch {
      // It may exist in the mount namespace of the process only.
    }
  }

  kindOf(exe: string): ProxyKind | undefined {
    return this.#kinds.get(baseName(exe)) ?? (this.#paths.size > 0 && this.#paths.has(exe) ? 'other' : undefined)
  }

  /** Whether a process of this name (comm) may be one: for those whose executable cannot be read. */
  mayBe(comm: string): boolean {
    for (const name of this.#kinds.keys()) if (name.slice(0, COMM_LENGTH) === comm) return true
    for (const path of this.#paths) if (baseName(path).slice(0, COMM_LENGTH) === comm) return true
    return false
  }
}

/** Programs whose executable says nothing: their arguments tell. */
export function isRuntime(exe: string): boolean {
  const name = baseName(exe)
  return name === 'node' || name === 'nodejs' || name === 'mtlscope'
}

/** Whether these are the arguments (or the title) of an mtlscope sidecar that runs on node, or as an executable of its own. */
export function isSidecar(exe: string, args: readonly string[]): boolean {
  if (baseName(args[0] ?? '').split(' ', 1)[0] === 'mtlscope-sidecar') return true
  if (baseName(exe) === 'mtlscope') return !WATCHING.has(args[1] ?? '')
  const script = args.findIndex((arg, index) => index > 0 && !arg.startsWith('-'))
  return script > 0 && isOurScript(args[script]!) && args[script + 1] === 'sidecar'
}

function isOurScript(path: string): boolean {
  return baseName(path) === 'mtlscope' || /(^|\/)cli\/main\.[jt]s$/.test(path)
}
