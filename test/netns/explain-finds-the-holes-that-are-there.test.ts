import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import type { Hole } from '../../src/intercept/explain/hole.ts'
import { istioRedirect } from '../../src/intercept/netfilter/listings.fixture.ts'
import { Netfilter } from '../../src/intercept/netfilter/netfilter.ts'
import { parsePacket } from '../../src/intercept/netfilter/packet-text.ts'
import type { Table } from '../../src/intercept/netfilter/ruleset.ts'
import { findProgram, run } from '../../src/sys/exec.ts'
import { need } from '../require.ts'
import { ensureNetns } from './enter.ts'
import { applyTables } from './explain-fuzz.ts'
import { ExplainLab } from './explain-lab.ts'
import { endChild } from './peers.ts'

const permitted = ensureNetns()
const MAIN = new URL('../../src/cli/main.ts', import.meta.url).pathname

async function openLab(t: TestContext): Promise<ExplainLab | undefined> {
  if (!need(t, 'netns', permitted, 'network namespaces')) return undefined
  for (const program of ['nft', 'iptables-nft', 'iptables-legacy', 'ss', 'setpriv']) if (!need(t, 'netns', findProgram(program), program)) return undefined
  const lab = new ExplainLab()
  t.after(() => lab.close())
  await lab.open()
  return lab
}

async function holesOf(lab: ExplainLab): Promise<Hole[]> {
  const { code, stdout, stderr } = await run(process.execPath, [MAIN, 'explain', '--netns', lab.pod, '--holes', '-o', 'json'], { timeoutMs: 60_000 })
  assert.equal(stderr, '')
  const { holes } = JSON.parse(stdout) as { holes: Hole[] }
  assert.equal(code, holes.length > 0 ? 1 : 0)
  return holes
}

/** The packet of each hole goes through it in the kernel, too. */
async function provesItself(lab: ExplainLab, tables: readonly Table[], holes: readonly Hole[]): Promise<void> {
  const packets = holes.flatMap(({ packet }) => {
    const parsed = packet === undefined ? undefined : parsePacket(packet, lab.world)
    return parsed?.ok === true ? [parsed.packet] : []
  })
  const { mismatches } = await lab.compare(new Netfilter(tables), packets.filter(({ destinationPort }) => destinationPort !== 4242))
  assert.deepEqual(mismatches, [])
}

/** The listeners of the lab belong to nobody's proxy, and their process may do everything. */
const OF_THE_LAB = new Set(['impostor', 'privileged-app'])
const kinds = (holes: readonly Hole[]): string[] => [...new Set(holes.map(({ kind }) => kind))].filter((kind) => !OF_THE_LAB.has(kind))
const udp = (text: string): string => `${text}*filter\n-A OUTPUT -o lo -j ACCEPT\n-A OUTPUT -p udp -m owner ! --uid-owner 1337 -j REJECT\n-A INPUT ! -i lo -p udp -j DROP\nCOMMIT\n`

test('tight rules have no holes; each that is made is found, with a packet that goes through it', async (t) => {
  const lab = await openLab(t)
  if (lab === undefined) return
  const [v4, v6] = ([4, 6] as const).map((version) => udp(istioRedirect({ version, excludeInbound: [] })))
  applyTables(lab, 'nft', v4!, v6!)
  const tight = await holesOf(lab)
  assert.deepEqual(kinds(tight), ['exempt-inbound-port'])
  assert.match(tight.find(({ kind }) => kind === 'exempt-inbound-port')!.what, /listens on port 15008/)
  assert.match(tight.find(({ kind }) => kind === 'impostor')!.what, /uid 0\) listens on port 15006|uid 0\) listens on port 15001/)

  const app = spawn('ip', ['netns', 'exec', lab.pod, 'setpriv', '--reuid', '1337', '--regid', '1337', '--clear-groups', 'sleep', '600'], { stdio: 'ignore' })
  t.after(() => endChild(app))
  const { tables } = applyTables(lab, 'nft', istioRedirect({ excludeInbound: [8080] }).replace('-A ISTIO_OUTPUT -j ISTIO_REDIRECT', '-A ISTIO_OUTPUT -d 192.168.0.0/16 -j RETURN\n-A ISTIO_OUTPUT -p tcp -m tcp --dport 3306 -j RETURN\n-A ISTIO_OUTPUT -j ISTIO_REDIRECT'), '')
  lab.run('iptables-legacy', ['-t', 'filter', '-A', 'INPUT', '-p', 'tcp', '--dport', '1', '-j', 'DROP'])
  lab.run('ip', ['rule', 'add', 'fwmark', '0x77', 'lookup', '133'])
  lab.run('ip', ['route', 'add', 'local', 'default', 'dev', 'lo', 'table', '133'])
  const open = await holesOf(lab)
  assert.deepEqual(kinds(open).sort(), [
    'app-under-exempt-identity', 'exempt-inbound-port', 'exempt-outbound-address', 'exempt-outbound-port', 'ipv6-inbound-open', 'ipv6-outbound-open',
    'leftover-rule', 'mixed-backends', 'udp-inbound-open', 'udp-outbound-open',
  ])
  assert.match(open.find(({ kind }) => kind === 'app-under-exempt-identity')!.what, /^sleep \(pid \d+\) run under uid 1337 gid 1337/)
  await provesItself(lab, tables, open)
})
