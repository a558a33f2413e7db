import { readFileSync } from 'node:fs'
import type { TestContext } from 'node:test'
import { readSubject } from '../../src/cli/explain-subject.ts'
import { findHoles } from '../../src/intercept/explain/find-holes.ts'
import type { Hole, HoleReport } from '../../src/intercept/explain/hole.ts'
import { istioRedirect } from '../../src/intercept/netfilter/listings.fixture.ts'
import { parsePacket } from '../../src/intercept/netfilter/packet-text.ts'
import { Netfilter } from '../../src/intercept/netfilter/netfilter.ts'
import type { IpVersion } from '../../src/intercept/netfilter/ruleset.ts'
import type { Subject } from '../../src/intercept/explain/subject.ts'
import { findProgram } from '../../src/sys/exec.ts'
import { need } from '../require.ts'
import { ExplainLab } from './explain-lab.ts'
import type { LabProcess } from './explain-lab.ts'

const PROXY_UID = 1337
export const ENVOY: LabProcess = { exe: 'envoy', uid: PROXY_UID, ports: [15001, 15006, 15007], transparent: [15006, 15007], udp: false }
/** An app as there should be one: an ordinary user without capabilities. */
export const APP: LabProcess = { uid: 1000, ports: [53, 80, 443, 3306, 8080, 9090, 15008, 4242], transparent: [] }

/** Whether a lab can be made here; where not, that is said. */
export function canOpenLab(t: TestContext, permitted: boolean): boolean {
  if (!need(t, 'netns', permitted, 'network namespaces')) return false
  // A user namespace that an ordinary user makes has nobody but root.
  if (!need(t, 'netns', hasUser(PROXY_UID), `a user of uid ${PROXY_UID} in this user namespace`)) return false
  return ['nft', 'iptables-nft', 'iptables-legacy', 'ss', 'setpriv', 'socat'].every((program) => need(t, 'netns', findProgram(program), program))
}

function hasUser(uid: number): boolean {
  return readFileSync('/proc/self/uid_map', 'latin1').trim().split('\n').some((line) => {
    const [first = 0, , count = 0] = line.trim().split(/\s+/).map(Number)
    return uid >= first && uid < first + count
  })
}

/** A pod with these processes; undefined where the test cannot be run, which is said. */
export async function openPod(t: TestContext, permitted: boolean, processes: readonly LabProcess[] | undefined): Promise<ExplainLab | undefined> {
  if (!canOpenLab(t, permitted)) return undefined
  const lab = new ExplainLab(processes)
  t.after(() => lab.close())
  await lab.open()
  return lab
}

/** What `mtlscope explain --netns POD --holes` looks at. */
export async function lookAt(lab: ExplainLab): Promise<{ subject: Subject, report: HoleReport, warnings: readonly string[] }> {
  const { subject, warnings } = await readSubject({ netns: lab.pod, procfs: '/proc', output: 'text' })
  return { subject, report: findHoles(subject), warnings }
}

/** What the kernel did with the packets of the holes, where it was not what they say. */
export async function disprove(lab: ExplainLab, { netfilter, world }: Subject, holes: readonly Hole[]): Promise<string[]> {
  await lab.look()
  const packets = holes.flatMap(({ packet }) => {
    const parsed = packet === undefined ? undefined : parsePacket(packet, world)
    return parsed?.ok === true ? [parsed.packet] : []
  })
  const { mismatches, unknown } = await lab.compare(new Netfilter(netfilter.tables), packets)
  return [...mismatches.map(({ packet, model, kernel }) => `${packet}: ${model}, kernel: ${kernel}`), ...unknown]
}

const noUdp = '*filter\n-A OUTPUT -o lo -j ACCEPT\n-A OUTPUT -p udp -m owner ! --uid-owner 1337 -j REJECT\n-A INPUT ! -i lo -p udp -j DROP\nCOMMIT\n'

/** Rules of Istio that leave nothing open: no port is exempted, and UDP is the proxy's only. */
export function tight(version: IpVersion): string {
  return istioRedirect({ version, excludeInbound: [] }).replace('-A ISTIO_INBOUND -p tcp -m tcp --dport 15008 -j RETURN\n', '') + noUdp
}
