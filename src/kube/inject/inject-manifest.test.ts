import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import test from 'node:test'
import { parseAllDocuments } from 'yaml'
import fc from '#property'
import { MtlscopeError } from '../../base/errors.ts'
import { sidecarConfigCheck } from '../../cli/sidecar-config-check.ts'
import { parseSidecarYaml } from '../../proxy/config/yaml-plan.ts'
import { injectManifest } from './inject-manifest.ts'

const OPTIONS = { image: 'registry.test/mtlscope:1', pullPolicy: undefined }
const WITH_CA = { ...OPTIONS, ca: { address: 'mtlscope-ca.mesh.svc:8443', audience: 'mtlscope-ca' }, check: sidecarConfigCheck }
const MACHINE = { workload: 'host', ipv6: true, folder: '/etc/mtlscope' }
const GOLDENS = new URL('./goldens/', import.meta.url)
/** `MTLSCOPE_GOLDENS=write` writes them anew, for a look at the difference. */
const WRITES = process.env.MTLSCOPE_GOLDENS === 'write'

type Fields = Record<string, unknown>

for (const name of ['shop', 'annotated', 'cron-job', 'list', 'contrast']) {
  test(`the golden of ${name}.yaml: comments and other objects stay, twice changes nothing`, () => {
    const { text } = injectManifest(readFileSync(new URL(`${name}.yaml`, GOLDENS), 'utf8'), OPTIONS)
    const golden = new URL(`${name}.injected.yaml`, GOLDENS)
    if (WRITES) writeFileSync(golden, text)
    assert.equal(text, readFileSync(golden, 'utf8'))
    const again = injectManifest(text, OPTIONS)
    assert.equal(again.text, text)
    assert.ok(again.outcomes.every(({ injected }) => !injected))
  })
}

test('the configuration in the annotation is one that the sidecar takes', () => {
  const { text } = injectManifest(readFileSync(new URL('annotated.yaml', GOLDENS), 'utf8'), OPTIONS)
  const pod = parseAllDocuments(text)[0]!.toJS() as { metadata: { annotations: Record<string, string> } }
  const plan = parseSidecarYaml(pod.metadata.annotations['mtlscope.io/config']!, 'mtlscope.yaml', MACHINE)
  assert.equal(plan.workload, 'ledger')
})

test('Contrast\'s annotations make a configuration that the sidecar takes, with what they leave open told', () => {
  const { text, outcomes } = injectManifest(readFileSync(new URL('contrast.yaml', GOLDENS), 'utf8'), WITH_CA)
  const { spec } = parseAllDocuments(text)[0]!.toJS() as { spec: { template: { metadata: { annotations: Record<string, string> }, spec: { initContainers: { startupProbe?: object }[] } } } }
  const plan = parseSidecarYaml(spec.template.metadata.annotations['mtlscope.io/config']!, 'mtlscope.yaml', MACHINE)
  assert.deepEqual(plan.inbound!.ports, { 7890: 'plaintext', 8080: 'tls' })
  assert.deepEqual(plan.outbound!.map.map(({ listen, to }) => [listen.host, to.host]), [['127.137.0.1', 'emoji-svc'], ['127.137.0.2', 'voting-svc']])
  assert.deepEqual([plan.outbound!.default, plan.admin.port], ['passthrough', 15_010])
  assert.match(JSON.stringify(spec.template.spec.initContainers[1]!.startupProbe), /127\.0\.0\.1:15010\/readyz/)
  assert.match(outcomes[0]!.says.join(), /calls that contrast\.edgeless\.systems\/servicemesh-egress does not name leave as they are/)
})

test('own annotations win over Contrast\'s, and DISABLED opens what comes in', () => {
  const plan = (annotations: Fields) => {
    const { text, outcomes } = injectManifest(pod({ containers: [{ name: 'a', readinessProbe: { tcpSocket: { port: 8080 } } }] }, annotations), WITH_CA)
    const injected = JSON.parse(text) as { metadata: { annotations: Record<string, string> } }
    return { ...parseSidecarYaml(injected.metadata.annotations['mtlscope.io/config']!, 'mtlscope.yaml', MACHINE), says: outcomes[0]!.says }
  }
  const mixed = plan({ 'contrast.edgeless.systems/servicemesh-ingress': 'web#8080#true', 'mtlscope.io/ports': '8080=mtls', 'mtlscope.io/outbound': 'mesh' })
  assert.deepEqual([mixed.inbound!.ports, mixed.outbound!.default, mixed.says], [{ 8080: 'mtls' }, 'mesh', []])
  const open = plan({ 'contrast.edgeless.systems/servicemesh-ingress': 'DISABLED' })
  assert.deepEqual([open.inbound!.default, open.says.length], ['plaintext', 2])
})

test('with the CA of a cluster the identity is that of the token, unless a secret is named', () => {
  const identity = (annotations?: Fields): string => {
    const { text } = injectManifest(pod({}, annotations), WITH_CA)
    const injected = JSON.parse(text) as { metadata: { annotations: Record<string, string> }, spec: { volumes: { name: string, secret?: object, projected?: object }[] } }
    const volume = injected.spec.volumes.find(({ name }) => name === 'mtlscope-identity')!
    const config = parseSidecarYaml(injected.metadata.annotations['mtlscope.io/config']!, 'mtlscope.yaml', MACHINE)
    return `${config.identity.kind} ${Object.keys(volume).filter((key) => key !== 'name').join()}`
  }
  assert.equal(identity(), 'ca projected')
  assert.equal(identity({ 'mtlscope.io/identity-secret': 'mine' }), 'files secret')
})

function pod(spec: Fields, annotations?: Fields): string {
  return JSON.stringify({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p', annotations }, spec: { containers: [{ name: 'app' }], ...spec } })
}

function left(text: string): string | undefined {
  const result = injectManifest(text, OPTIONS)
  assert.equal(result.text, text)
  return result.outcomes[0]?.says[0]
}

test('left alone, with the reason, and not a byte is changed', () => {
  assert.match(left(pod({ hostNetwork: true }))!, /hostNetwork/)
  assert.match(left(pod({ initContainers: [{ name: 'mtlscope-sidecar' }] }))!, /already/)
  assert.match(left(pod({}, { 'mtlscope.io/injected': 'true' }))!, /already/)
  assert.match(left(pod({}, { 'mtlscope.io/inject': 'disabled' }))!, /disabled/)
  assert.equal(left('kind: Service\nmetadata: {name: x}\n'), undefined)
  assert.equal(left(''), undefined)
})

function refusal(text: string): string {
  try {
    injectManifest(text, OPTIONS)
  } catch (error) {
    assert.ok(error instanceof MtlscopeError && error.code === 'bad-manifest', String(error))
    return error.message
  }
  return 'none'
}

test('what would leave a hole or a pod that never starts is refused, with its place', () => {
  const good = pod({})
  assert.match(refusal(`${good}\n---\n${pod({ securityContext: { runAsUser: 1337 } })}`), /^document 2, Pod\/p: a container runs as user 1337/)
  assert.match(refusal(pod({ containers: [{ name: 'a', securityContext: { runAsUser: 1337 } }] })), /1337/)
  const probed = { containers: [{ name: 'a', ports: [{ name: 'http', containerPort: 8080 }], readinessProbe: { httpGet: { port: 'http' } }, livenessProbe: { tcpSocket: { port: 9090 } } }] }
  assert.match(refusal(pod(probed)), /the kubelet probes port 8080, 9090 in plaintext/)
  assert.equal(refusal(pod(probed, { 'mtlscope.io/probes': 'strict' })), 'none')
  assert.equal(refusal(pod(probed, { 'mtlscope.io/ports': '8080=mtls, 9090=plaintext' })), 'none')
  assert.match(refusal(pod({}, { 'mtlscope.io/port': '1=mtls' })), /annotation mtlscope\.io\/port is not known/)
  assert.match(refusal(pod({}, { 'mtlscope.io/ports': '8080=open' })), /annotation mtlscope\.io\/ports has 8080=open/)
  assert.match(refusal(pod({}, { 'mtlscope.io/ports': '99999=mtls' })), /has 99999=mtls/)
  assert.match(refusal(pod({}, { 'mtlscope.io/probes': 'maybe' })), /is maybe/)
  assert.match(refusal(pod({}, { 'mtlscope.io/inject': true })), /is not a text/)
  assert.match(refusal('a: [b\n'), /^document 1 is not YAML/)
})

test('JSON stays JSON', () => {
  const { text } = injectManifest(pod({}), OPTIONS)
  assert.equal((JSON.parse(text) as { spec: { initContainers: object[] } }).spec.initContainers.length, 2)
})

test('permissive for the probes is asked for, and told', () => {
  const { outcomes } = injectManifest(pod({ containers: [{ name: 'a', readinessProbe: { grpc: { port: 50051 } } }] }, { 'mtlscope.io/probes': 'permissive' }), OPTIONS)
  assert.deepEqual(outcomes, [{ object: 'Pod/p', injected: true, says: ['port 50051 lets plaintext in from anyone, for the kubelet\'s probes'] }])
})

test('whatever a manifest holds, it is rewritten or refused', () => {
  fc.assert(fc.property(fc.constantFrom('Pod', 'Deployment', 'CronJob', 'List'), fc.anything(), fc.anything(), (kind, spec, metadata) => {
    const text = JSON.stringify({ kind, metadata, spec, items: [{ kind: 'Pod', metadata: spec, spec: metadata }] })
    try {
      injectManifest(text, OPTIONS)
    } catch (error) {
      assert.ok(error instanceof MtlscopeError, `${text}: ${String(error)}`)
    }
  }))
  fc.assert(fc.property(fc.string(), (text) => {
    try {
      injectManifest(text, OPTIONS)
    } catch (error) {
      assert.ok(error instanceof MtlscopeError, `${text}: ${String(error)}`)
    }
  }))
})
