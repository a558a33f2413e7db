import assert from 'node:assert/strict'
import test from 'node:test'
import { fields, list, text } from '../fields.ts'
import type { Fields } from '../fields.ts'
import { PARTS } from './install-options.ts'
import type { InstallOptions } from './install-options.ts'
import type { Manifest } from './object-names.ts'
import { COMPONENT_LABEL, podLabels } from './object-names.ts'
import { planManifests } from './plan-manifests.ts'

const OPTIONS: InstallOptions = {
  namespace: 'm', image: 'i:1', pullPolicy: undefined, pullSecrets: [], trustDomain: 'example.org', keep: '1GiB,24h', parts: PARTS, namespaceOnly: false, networkPolicy: true, nodeRules: true, disruptionBudget: true, managedBy: 'mtlscope',
}

/** A connection that is made: from the pods of a part, or from elsewhere in the cluster. */
interface Flow { readonly from: string, readonly to: string, readonly port: number }

const ELSEWHERE = 'elsewhere'

function workloads(manifests: readonly Manifest[]): { part: string, template: Fields, args: string[] }[] {
  return manifests.filter(({ kind }) => kind === 'Deployment' || kind === 'DaemonSet').map(({ metadata, spec }) => {
    const template = fields(fields(spec).template)
    return { part: metadata.labels[COMPONENT_LABEL]!, template, args: list(fields(template.spec).containers)[0]!.args as string[] }
  })
}

function after(args: readonly string[], flag: string): string | undefined {
  return args.includes(flag) ? args[args.indexOf(flag) + 1] : undefined
}

/** Where a Service leads: the part, and the port of its pods. */
function behind(manifests: readonly Manifest[], name: string, port: number): Omit<Flow, 'from'> {
  const service = manifests.find(({ kind, metadata }) => kind === 'Service' && metadata.name === name)
  const { selector, ports } = fields(service?.spec)
  const found = list(ports).find((entry) => entry.port === port)
  assert.ok(found !== undefined, `service ${name} has no port ${port}`)
  return { to: text(fields(selector)[COMPONENT_LABEL])!, port: Number(found.targetPort) }
}

/** All connections that the manifests themselves speak of. */
function plannedFlows(manifests: readonly Manifest[]): Flow[] {
  const parts = workloads(manifests)
  const flows: Flow[] = []
  for (const { part, template, args } of parts) {
    const ca = /^([^.]+)\..*:(\d+)$/.exec(after(args, '--ca') ?? '')
    if (ca !== null) flows.push({ from: part, ...behind(manifests, ca[1]!, Number(ca[2])) })
    // What the injector tells pods of every namespace to ask.
    if (ca !== null && part === 'injector') flows.push({ from: ELSEWHERE, ...behind(manifests, ca[1]!, Number(ca[2])) })
    const followed = /component=(\w+)/.exec(after(args, '--kube-agents') ?? '')?.[1]
    if (followed !== undefined) flows.push({ from: part, to: followed, port: Number(after(parts.find((one) => one.part === followed)!.args, '--listen')!.split(':').at(-1)) })
    const scraped = fields(fields(template.metadata).annotations)['prometheus.io/port']
    if (scraped !== undefined) flows.push({ from: ELSEWHERE, to: part, port: Number(scraped) })
  }
  for (const { clientConfig } of manifests.flatMap(({ webhooks }) => list(webhooks))) {
    const { name, port } = fields(fields(clientConfig).service)
    flows.push({ from: ELSEWHERE, ...behind(manifests, text(name)!, Number(port)) })
  }
  return flows
}

/** What a network that enforces policies would say (NetworkPolicy v1): who is selected by none is open, else one rule must fit. */
function isAdmitted(manifests: readonly Manifest[], { from, to, port }: Flow): boolean {
  const selects = (selector: unknown, labels: Record<string, string>): boolean => Object.entries(fields(fields(selector).matchLabels)).every(([key, value]) => labels[key] === value)
  const policies = manifests.filter(({ kind, spec }) => kind === 'NetworkPolicy' && (fields(spec).policyTypes as string[]).includes('Ingress') && selects(fields(spec).podSelector, podLabels(to as 'ca')))
  if (policies.length === 0) return true
  return policies.flatMap(({ spec }) => list(fields(spec).ingress)).some((rule) => {
    const fromFits = rule.from === undefined || list(rule.from).some((peer) => from !== ELSEWHERE && selects(peer.podSelector, podLabels(from as 'ca')))
    return fromFits && (rule.ports === undefined || list(rule.ports).some((entry) => entry.port === port && (entry.protocol ?? 'TCP') === 'TCP'))
  })
}

test('the policies admit every connection that the manifests speak of', () => {
  const manifests = planManifests(OPTIONS)
  const flows = plannedFlows(manifests)
  const names = flows.map(({ from, to, port }) => `${from} -> ${to}:${port}`)
  for (const flow of ['injector -> ca:8443', 'agent -> ca:8443', 'hub -> ca:8443', 'elsewhere -> ca:8443', 'elsewhere -> injector:9443', 'hub -> agent:8900']) assert.ok(names.includes(flow), `${flow} is not in ${names.join(', ')}`)
  assert.deepEqual(flows.filter((flow) => !isAdmitted(manifests, flow)), [])
})

test('and no other: agents are there for the hub only, the hub for nobody, a part for its own port only', () => {
  const manifests = planManifests(OPTIONS)
  const needed = new Set(plannedFlows(manifests).map(({ from, to, port }) => `${from} ${to} ${port}`))
  const open = (to: string, port: number): boolean => needed.has(`${ELSEWHERE} ${to} ${port}`)
  for (const to of PARTS) {
    for (const from of [...PARTS, ELSEWHERE]) {
      for (const port of [22, 80, 443, 8443, 8899, 8900, 8901, 9443]) {
        const isNeeded = open(to, port) || needed.has(`${from} ${to} ${port}`)
        assert.equal(isAdmitted(manifests, { from, to, port }), isNeeded, `${from} -> ${to}:${port}`)
      }
    }
  }
})

test('every container port is one that somebody may reach, but that of the hub, which only a port-forward does', () => {
  const manifests = planManifests(OPTIONS)
  for (const { part, template } of workloads(manifests)) {
    for (const { containerPort } of list(fields(template.spec).containers).flatMap(({ ports }) => list(ports))) {
      const reached = [...PARTS, ELSEWHERE].filter((from) => isAdmitted(manifests, { from, to: part, port: Number(containerPort) }))
      assert.equal(reached.length > 0, part !== 'hub', part)
    }
  }
})
