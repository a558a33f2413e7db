import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import type { TestContext } from 'node:test'
import { readState } from '../../src/intercept/apply/namespace-state.ts'
import type { InterceptBackend } from '../../src/intercept/apply/difference.ts'
import type { Packet } from '../../src/intercept/netfilter/packet.ts'
import { parsePacket } from '../../src/intercept/netfilter/packet-text.ts'
import type { Table } from '../../src/intercept/netfilter/ruleset.ts'
import type { World } from '../../src/intercept/netfilter/world.ts'
import { findProgram, run } from '../../src/sys/exec.ts'
import type { RunResult } from '../../src/sys/exec.ts'
import { need } from '../require.ts'

const MAIN = new URL('../../src/cli/main.ts', import.meta.url).pathname
export const BACKENDS: readonly InterceptBackend[] = ['nft', 'iptables-nft', 'iptables-legacy']

/** False where the test was skipped. */
export function needTools(t: TestContext, permitted: boolean): boolean {
  if (!need(t, 'netns', permitted, 'network namespaces')) return false
  if (!need(t, 'netns', hasUsers(), 'users beside root: a user namespace of one user has no app and no proxy')) return false
  return ['nft', 'iptables-nft', 'iptables-legacy', 'ip6tables-nft', 'ip', 'ss', 'setpriv'].every((program) => need(t, 'netns', findProgram(program), program))
}

/** proc_pid_uid_map(5): how many users there are. */
function hasUsers(): boolean {
  return readFileSync('/proc/self/uid_map', 'latin1').split('\n').some((line) => Number(line.trim().split(/\s+/)[2]) > 65_535)
}

/** All rules of the namespace as the model reads them. */
export async function tablesIn(netns: string): Promise<Table[]> {
  const { saved, native } = await readState(netns)
  return [...saved.flatMap(({ tables }) => tables), ...native]
}

export function packetOf(text: string, world: World): Packet {
  const parsed = parsePacket(text, world)
  if (!parsed.ok) throw new Error(`${text}: ${parsed.problem.what}`)
  return parsed.packet
}

const LISTINGS = ['iptables-nft-save', 'ip6tables-nft-save', 'iptables-legacy-save', 'ip6tables-legacy-save', 'nft list ruleset', 'ip -4 rule', 'ip -6 rule', 'ip -4 route show table all', 'ip -6 route show table all', 'ip addr']

/** Everything that rules and routes consist of, as text; times and counters of policies left out. */
export function everythingIn(name: string): string {
  return LISTINGS.map((command) => {
    const text = execFileSync('ip', ['netns', 'exec', name, ...command.split(' ')], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
    return `== ${command}\n${text.replace(/^#.*\n/gm, '').replace(/\[\d+:\d+\]/g, '').replace(/packets \d+ bytes \d+/g, '')}`
  }).join('')
}

/** The same without what nft shows of tables that iptables-nft has: the order of their chains, and chains without rules. */
export function rulesIn(name: string): string {
  return everythingIn(name).replace(/^table ip6? \w+ \{\n(?:.*\n)*?\}\n/gm, '')
}

/** legacy makes its tables when they are asked for, and never takes one away. */
export function touchLegacy(name: string): void {
  for (const program of ['iptables-legacy', 'ip6tables-legacy']) {
    for (const table of ['raw', 'mangle', 'nat', 'filter']) execFileSync('ip', ['netns', 'exec', name, program, '-t', table, '-L'], { stdio: 'ignore' })
  }
}

/** `mtlscope init` as a process. `env` is added. */
export function init(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<RunResult> {
  const words = Object.entries(env).map(([name, value]) => `${name}=${value}`)
  return run('env', [...words, process.execPath, MAIN, 'init', ...args], { timeoutMs: 60_000 })
}
