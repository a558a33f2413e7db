import { findHoles } from '../src/intercept/explain/find-holes.ts'
import { recogniseMesh } from '../src/intercept/explain/mesh-profile.ts'
import { parseIptablesSave } from '../src/intercept/netfilter/iptables-save.ts'
import { Netfilter } from '../src/intercept/netfilter/netfilter.ts'
import { RuleMemory } from '../src/intercept/netfilter/rule-memory.ts'
import { countRules } from '../src/intercept/netfilter/ruleset.ts'
import { planWorld } from '../src/intercept/netfilter/world.ts'
import { parseAddress } from '../src/net/address.ts'
import type { Bench, BenchContext, Row } from './contract.ts'

const NAMESPACES = 200
const RULES = 5000
const LIMIT_SECONDS = 5
const RUNS = 3

/** Istio's rules with thousands of exempted ports and networks, others in each namespace. */
function rulesOf(namespace: number): string {
  const own = 12
  const half = (RULES - own) / 2
  const ports = Array.from({ length: half }, (_, i) => `-A ISTIO_INBOUND -p tcp -m tcp --dport ${20_000 + (i * 7 + namespace) % 20_000} -j RETURN`)
  const networks = Array.from({ length: half }, (_, i) => `-A ISTIO_OUTPUT -d 172.${16 + (i >> 8)}.${i & 255}.0/24 -p tcp -m tcp --dport ${1000 + namespace} -j RETURN`)
  return [
    '*nat', ':PREROUTING ACCEPT [0:0]', ':INPUT ACCEPT [0:0]', ':OUTPUT ACCEPT [0:0]', ':POSTROUTING ACCEPT [0:0]',
    ':ISTIO_INBOUND - [0:0]', ':ISTIO_IN_REDIRECT - [0:0]', ':ISTIO_OUTPUT - [0:0]', ':ISTIO_REDIRECT - [0:0]',
    '-A PREROUTING -p tcp -j ISTIO_INBOUND', '-A OUTPUT -j ISTIO_OUTPUT', ...ports, '-A ISTIO_INBOUND -p tcp -j ISTIO_IN_REDIRECT',
    '-A ISTIO_IN_REDIRECT -p tcp -j REDIRECT --to-ports 15006', '-A ISTIO_OUTPUT -s 127.0.0.6/32 -o lo -j RETURN',
    '-A ISTIO_OUTPUT ! -d 127.0.0.1/32 -o lo -p tcp -m tcp ! --dport 15008 -m owner --uid-owner 1337 -j ISTIO_IN_REDIRECT',
    '-A ISTIO_OUTPUT -o lo -m owner ! --uid-owner 1337 -j RETURN', '-A ISTIO_OUTPUT -m owner --uid-owner 1337 -j RETURN',
    '-A ISTIO_OUTPUT -m owner --gid-owner 1337 -j RETURN', '-A ISTIO_OUTPUT -d 127.0.0.1/32 -j RETURN', ...networks,
    '-A ISTIO_OUTPUT -j ISTIO_REDIRECT', '-A ISTIO_REDIRECT -p tcp -j REDIRECT --to-ports 15001', 'COMMIT', '',
  ].join('\n')
}

function holesOf(text: string, memory: RuleMemory): { rules: number, holes: number } {
  const parsed = parseIptablesSave(text, { version: 4, backend: 'iptables-nft' }, memory)
  if (!parsed.ok) throw new Error(parsed.problem.what)
  const { tables } = parsed
  const world = planWorld([parseAddress('10.0.0.2')!])
  const report = findHoles({ netfilter: new Netfilter(tables), world, mesh: recogniseMesh(tables), versions: [4], live: undefined })
  return { rules: countRules(tables), holes: report.holes.length }
}

async function run({ progress }: BenchContext): Promise<Row[]> {
  const texts = Array.from({ length: NAMESPACES }, (_, i) => rulesOf(i))
  const samples: number[] = []
  const cpuSamples: number[] = []
  let rules = 0
  let holes = 0
  for (let n = 0; n < RUNS; n++) {
    progress(`${NAMESPACES} namespaces, run ${n + 1} of ${RUNS}`)
    const start = performance.now()
    const before = process.cpuUsage()
    rules = holes = 0
    const memory = new RuleMemory()
    for (const text of texts) {
      const found = holesOf(text, memory)
      rules += found.rules
      holes += found.holes
    }
    samples.push((performance.now() - start) / 1000)
    const { user, system } = process.cpuUsage(before)
    cpuSamples.push((user + system) / 1e6)
  }
  const note = `${NAMESPACES} namespaces, ${rules} rules in all, ${holes} holes; from the text of iptables-save to the report, without starting iptables-save`
  return [
    { metric: 'holes of a node', unit: 's', samples, goal: { atMost: LIMIT_SECONDS }, note },
    { metric: 'CPU of that', unit: 's', samples: cpuSamples, note: 'of all threads, the collector of garbage among them: what a busy machine does not change' },
  ]
}

export const bench: Bench = { name: 'explain', claim: `explain --holes looks through ${NAMESPACES} namespaces of ${RULES} rules in under ${LIMIT_SECONDS} s`, run }
