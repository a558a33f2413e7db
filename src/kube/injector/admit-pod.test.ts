import assert from 'node:assert/strict'
import test from 'node:test'
import fc from '#property'
import { sidecarConfigCheck } from '../../cli/sidecar-config-check.ts'
import type { Fields } from '../fields.ts'
import { injectManifest } from '../inject/inject-manifest.ts'
import type { AdmissionRequest } from './admission-review.ts'
import { formatAdmissionReview, isDeeperThan, parseAdmissionReview } from './admission-review.ts'
import { admitPod } from './admit-pod.ts'
import { applied } from './json-patch.fixture.ts'

const OPTIONS = { image: 'registry.test/mtlscope:1', pullPolicy: undefined, ca: { address: 'mtlscope-ca.mesh.svc:8443', audience: 'mtlscope-ca' }, mark: 'webhook', check: sidecarConfigCheck }

function request(object: Fields, more: Partial<AdmissionRequest> = {}): AdmissionRequest {
  return { uid: 'u', kind: 'Pod', operation: 'CREATE', namespace: 'shop', isDryRun: false, object, ...more }
}

function pod(spec: Fields = {}, metadata: Fields = {}): Fields {
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p', ...metadata }, spec: { containers: [{ name: 'app' }], ...spec } }
}

test('the patch makes of a pod what mtlscope inject makes of its manifest', () => {
  const pods = [
    pod(), pod({ initContainers: [{ name: 'first' }, { name: 'second' }], volumes: [{ name: 'data' }] }, { annotations: { 'a/b~c': 'x' } }),
    pod({ serviceAccountName: 'web' }, { annotations: { 'mtlscope.io/ports': '8080=tls', 'mtlscope.io/identity-secret': 'mine' } }), pod({}, { annotations: {} }),
  ]
  for (const one of pods) {
    const { answer, outcome } = admitPod(request(one), OPTIONS)
    assert.equal(outcome, 'injected')
    assert.deepEqual(applied(one, answer.patch!), JSON.parse(injectManifest(JSON.stringify(one), OPTIONS).text))
  }
  const bare: Fields = { spec: { containers: [] } }
  assert.ok('metadata' in (applied(bare, admitPod(request(bare), OPTIONS).answer.patch!) as Fields))
})

test('secrets that the image is pulled with come behind those of the pod, each once, by the webhook as in a manifest', () => {
  const options = { ...OPTIONS, pullSecrets: ['registry', 'mirror'] }
  const cases: [Fields, string[]][] = [[{}, ['registry', 'mirror']], [{ imagePullSecrets: [{ name: 'mine' }, { name: 'mirror' }] }, ['mine', 'mirror', 'registry']], [{ imagePullSecrets: [{ name: 'mirror' }, { name: 'registry' }] }, ['mirror', 'registry']]]
  for (const [spec, names] of cases) {
    const result = applied(pod(spec), admitPod(request(pod(spec)), options).answer.patch!) as { spec: { imagePullSecrets: { name: string }[] } }
    assert.deepEqual(result.spec.imagePullSecrets.map(({ name }) => name), names)
    assert.deepEqual(result, JSON.parse(injectManifest(JSON.stringify(pod(spec)), options).text))
  }
  assert.ok(!('imagePullSecrets' in (applied(pod(), admitPod(request(pod()), OPTIONS).answer.patch!) as { spec: Fields }).spec))
})

test('with a CA a pod needs no secret: its token and the trust bundle are in one volume', () => {
  const result = applied(pod(), admitPod(request(pod()), OPTIONS).answer.patch!) as { spec: { volumes: { name: string, projected?: { sources: unknown[] } }[] }, metadata: { annotations: Record<string, string> } }
  assert.deepEqual(result.spec.volumes.find(({ name }) => name === 'mtlscope-identity')!.projected!.sources, [
    { serviceAccountToken: { audience: 'mtlscope-ca', expirationSeconds: 3600, path: 'token' } },
    { configMap: { name: 'mtlscope-ca', items: [{ key: 'mesh-ca.pem', path: 'mesh-ca.pem' }] } },
  ])
  const config = result.metadata.annotations['mtlscope.io/config']!
  assert.match(config, /address: mtlscope-ca\.mesh\.svc:8443/)
  assert.equal(sidecarConfigCheck(config), undefined)
})

test('a bad annotation is refused with its place, and says how it should be', () => {
  const message = (annotations: Fields): string => {
    const { answer, outcome } = admitPod(request(pod({}, { annotations })), OPTIONS)
    assert.deepEqual([answer.allowed, outcome, answer.patch], [false, 'refused', undefined])
    return answer.message!
  }
  assert.match(message({ 'mtlscope.io/ports': '8080=mtls, 9090=open' }), /^mtlscope: pod p: annotation mtlscope\.io\/ports has 9090=open \(entry 2, at character 12\); example: 8080=mtls/)
  assert.match(message({ 'mtlscope.io/pass-through': '10.0.0.0/8:5432,10.0.0.300' }), /mtlscope\.io\/pass-through has 10\.0\.0\.300 \(entry 2, at character 17\)/)
  assert.match(message({ 'mtlscope.io/allow': 'spiffe://a/b, spiffe://a*' }), /mtlscope\.io\/allow has spiffe:\/\/a\* \(entry 2, at character 15\)/)
  assert.match(message({ 'mtlscope.io/outbound': 'open' }), /mtlscope\.io\/outbound is open; it may be mesh or deny or passthrough/)
  assert.match(message({ 'mtlscope.io/prots': '' }), /mtlscope\.io\/prots is not known/)
  assert.match(message({ 'contrast.edgeless.systems/servicemesh-ingress': 'web#8080' }), /servicemesh-ingress cannot be understood: invalid entry: web#8080/)
  assert.match(message({ 'contrast.edgeless.systems/servicemesh-egress': 'a#10.0.0.1:1#b:1' }), /servicemesh-egress cannot be understood: listen address 10\.0\.0\.1 is not in local CIDR/)
})

test('left alone: with a warning where nobody asked for it, without one where somebody did', () => {
  const left = (object: Fields): readonly string[] | undefined => {
    const { answer, outcome } = admitPod(request(object), OPTIONS)
    assert.deepEqual([answer.allowed, answer.patch, outcome], [true, undefined, 'left'])
    return answer.warnings
  }
  assert.match(left(pod({ hostNetwork: true }))![0]!, /^mtlscope: no sidecar: it is on the network of its node/)
  assert.match(left(pod({ initContainers: [{ name: 'mtlscope-sidecar' }] }))![0]!, /already/)
  assert.match(left(pod({}, { annotations: { 'kubernetes.io/config.mirror': 'x' } }))![0]!, /static pod/)
  assert.match(left(pod({ os: { name: 'windows' } }))![0]!, /Windows/)
  assert.equal(left(pod({}, { annotations: { 'mtlscope.io/inject': 'disabled' } })), undefined)
  assert.equal(left(pod({}, { labels: { 'mtlscope.io/inject': 'disabled' } })), undefined)
  // The API server asks again where another webhook changed the pod.
  const injected = applied(pod(), admitPod(request(pod()), OPTIONS).answer.patch!) as Fields
  assert.equal(left(injected), undefined)
  // Who only says so has no sidecar.
  assert.match(left(pod({}, { annotations: { 'mtlscope.io/injected': 'webhook' } }))![0]!, /already/)
})

test('what is no new pod is let through', () => {
  for (const more of [{ kind: 'Service' }, { operation: 'UPDATE' }, { kind: '' }]) {
    assert.deepEqual(admitPod(request(pod(), more), OPTIONS), { answer: { allowed: true }, outcome: 'other' })
  }
})

test('a pod is called after what makes it', () => {
  const workload = (metadata: Fields): string | undefined => admitPod(request(pod({}, { name: undefined, ...metadata })), OPTIONS).owner?.workload
  const owner = (kind: string, name: string): Fields => ({ ownerReferences: [{ apiVersion: 'apps/v1', kind, name, uid: 'x', controller: true }] })
  assert.equal(workload({ generateName: 'web-7c9d-', labels: { 'pod-template-hash': '7c9d' }, ...owner('ReplicaSet', 'web-7c9d') }), 'web')
  assert.equal(workload(owner('StatefulSet', 'db')), 'db')
  assert.equal(workload({ generateName: 'loose-' }), 'loose')
  assert.equal(workload({ generateName: '-' }), 'pod')
})

const REVIEW = { apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', request: { uid: 'abc', kind: { kind: 'Pod' }, operation: 'CREATE', namespace: 'shop', object: pod() } }

test('other bodies than an AdmissionReview of version 1 are told apart', () => {
  const why = (body: unknown): string => {
    const parsed = parseAdmissionReview(Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)))
    return typeof parsed === 'string' ? parsed : `${parsed.operation} ${parsed.kind}`
  }
  assert.equal(why(REVIEW), 'CREATE Pod')
  assert.match(why('<html>'), /not a JSON object/)
  assert.match(why('[]'), /not a JSON object/)
  assert.match(why({ ...REVIEW, kind: 'Pod' }), /not an AdmissionReview/)
  assert.match(why({ ...REVIEW, apiVersion: 'admission.k8s.io/v1beta1' }), /version admission\.k8s\.io\/v1beta1, admission\.k8s\.io\/v1 is wanted/)
  assert.match(why({ ...REVIEW, request: { ...REVIEW.request, uid: 7 } }), /without the uid/)
  assert.match(why({ ...REVIEW, request: null }), /without the uid/)
  assert.match(why('['.repeat(4_000_000)), /nested deeper/)
  assert.match(why(`${'{"a":'.repeat(101)}1${'}'.repeat(101)}`), /nested deeper/)
})

test('brackets within strings are no depth', () => {
  assert.equal(isDeeperThan(Buffer.from(JSON.stringify({ a: '[[[["\\[[', b: ['{'] })), 2), false)
  fc.assert(fc.property(fc.json({ maxDepth: 8 }), (json) => { assert.equal(isDeeperThan(Buffer.from(json), 100), false) }))
})

test('whatever comes, the answer is one, and what was injected is a pod still', () => {
  fc.assert(fc.property(fc.object({ maxDepth: 4 }), fc.anything(), fc.anything(), (spec, metadata, containers) => {
    const object = JSON.parse(JSON.stringify({ metadata, spec: { ...spec, containers } })) as Fields
    const { answer } = admitPod(request(object), OPTIONS)
    const review = JSON.parse(formatAdmissionReview('u', answer)) as { response: { allowed: boolean, uid: string } }
    assert.deepEqual([review.response.allowed, review.response.uid], [answer.allowed, 'u'])
    if (answer.patch !== undefined && typeof object.metadata === 'object' && object.metadata !== null && !Array.isArray(object.metadata)) applied(object, answer.patch)
  }))
  fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => { parseAdmissionReview(Buffer.from(bytes)) }))
})

test('warnings are what the API server hands on', () => {
  const { response } = JSON.parse(formatAdmissionReview('u', { allowed: true, warnings: [`ä\n${'x'.repeat(400)}`, ...Array.from({ length: 20 }, () => 'y')] })) as { response: { warnings: string[] } }
  assert.equal(response.warnings.length, 10)
  assert.ok(response.warnings.every((warning) => /^[\x20-\x7e]{0,256}$/.test(warning)))
})
