import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'node:test'
import type { TestContext } from 'node:test'
import { findProgram, run } from '../../src/sys/exec.ts'
import { need } from '../require.ts'
import { AGENTS, Laptop, untilNoSession } from './laptop.ts'
import type { TestCluster } from './test-cluster.ts'
import { busyboxPod, useCluster } from './test-cluster.ts'
import { writeKubeconfigOf } from './user-kubeconfig.ts'

const TALKER = 'busybox mkdir /www; echo hi > /www/index.html; busybox httpd -p 8080 -h /www; while :; do busybox wget -qO- http://127.0.0.1:8080/; busybox sleep 1; done'

async function startTalker(t: TestContext, cluster: TestCluster, name: string, spec: object = {}): Promise<void> {
  const pod = busyboxPod(name, TALKER) as { spec: { containers: [object] } }
  await cluster.apply(t, { ...pod, spec: { ...pod.spec, ...spec } })
  await cluster.untilPodRuns(name)
}

test('tap: requests of a pod that comes later too, and after Ctrl-C nothing is left', async (t) => {
  const cluster = useCluster(t)
  if (cluster === undefined) return
  await startTalker(t, cluster, 'early')
  const tap = new Laptop(t, cluster, 'tap', '^(early|late)$', '-o', 'json', ...AGENTS)
  const sees = (pod: string): Promise<void> => cluster.until(`requests of ${pod} are shown`, () => Promise.resolve(tap.stdout.includes(`"namespace":"${pod}.default"`)))
  await sees('early')
  await startTalker(t, cluster, 'late')
  await sees('late')
  assert.equal(await tap.signal('SIGINT'), 0, tap.stderr)
  assert.match(tap.stdout, /\n\{"health":\{"packets":[1-9].*\}\n$/)
  await untilNoSession(cluster)
})

test('killed (-9) in the middle, and nothing is left either', async (t) => {
  const cluster = useCluster(t)
  if (cluster === undefined) return
  await startTalker(t, cluster, 'killed')
  const tap = new Laptop(t, cluster, 'tap', '^killed$', '-o', 'json', ...AGENTS)
  await cluster.until('requests are shown', () => Promise.resolve(tap.stdout.includes('"namespace":"killed.default"')))
  assert.equal(await tap.signal('SIGKILL'), null)
  await untilNoSession(cluster)
})

test('sniff: packets of a pod without tcpdump, shell and rights, in one file', async (t) => {
  const cluster = useCluster(t)
  if (cluster === undefined || !need(t, 'cluster', findProgram('tshark') !== undefined, 'tshark')) return
  await startTalker(t, cluster, 'sniffed', { automountServiceAccountToken: false })
  const folder = mkdtempSync(join(tmpdir(), 'mtlscope-laptop-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const file = join(folder, 'sniffed.pcapng')
  const { code, stderr } = await cluster.outside('sniff', '^sniffed$', 'port', '8080', '-w', file, '-c', '12', '--for', '60s', ...AGENTS)
  assert.equal(code, 0, stderr)
  const { stdout } = await run('tshark', ['-r', file, '-Y', 'http.request', '-T', 'fields', '-e', 'http.request.uri', '-e', 'frame.interface_name'], { timeoutMs: 60_000 })
  assert.match(stdout, /^\/\tsniffed\.default\/lo$/m)
  await untilNoSession(cluster)
})

test('explain: the rules inside the pod, from a laptop and on the node', async (t) => {
  const cluster = useCluster(t)
  if (cluster === undefined) return
  await startTalker(t, cluster, 'explained')
  for (const ask of [(...args: string[]) => cluster.outside(...args, ...AGENTS), (...args: string[]) => cluster.mtlscope(...args)]) {
    const { code, stdout, stderr } = await ask('explain', 'explained', '-o', 'json')
    assert.equal(code, 0, stderr)
    assert.equal((JSON.parse(stdout) as { place: string }).place, 'explained.default')
    const walked = await ask('explain', 'explained', '--packet', 'tcp app uid 1000 -> 203.0.113.7:80')
    assert.match(walked.stdout, /leaves in the clear by eth0, to 203\.0\.113\.7:80/, walked.stderr)
  }
  await untilNoSession(cluster)
})

test('what cannot be is told in words that help, and leaves nothing', async (t) => {
  const cluster = useCluster(t)
  if (cluster === undefined) return
  await startTalker(t, cluster, 'asked')
  await startTalker(t, cluster, 'on-the-node', { hostNetwork: true })
  const user = await writeKubeconfigOf(t, cluster, 'default', 'looker', [{ apiGroups: [''], resources: ['pods', 'services'], verbs: ['get', 'list', 'watch'] }])
  const file = join(tmpdir(), `mtlscope-none-${process.pid}.pcapng`)
  const cases: readonly { args: readonly string[], code: number, says: RegExp }[] = [
    { args: ['sniff', 'askde', '-w', file], code: 2, says: /error: no pod matches askde in namespace default\n.*did you mean asked\?/ },
    { args: ['sniff', '^on-the-node$', '-w', file], code: 2, says: /error: on-the-node is on the network of the node/ },
    { args: ['tap', 'asked', '-n', 'nowhere'], code: 2, says: /error: no pod matches asked in namespace nowhere/ },
    { args: ['tap', 'asked', '--context', 'other'], code: 2, says: /error: .* has no context other/ },
    { args: ['tap', 'asked', '--kubeconfig', user], code: 3, says: /needs rights that the user has not: create jobs\.batch in namespace default; delete jobs\.batch in namespace default; create pods\/exec/ },
    { args: ['tap', 'asked', '--image', 'local/none:1', '--image-pull-policy', 'Never'], code: 1, says: /error: the agent on node node did not start: its image local\/none:1 is not on the node.*\n.*--image/ },
    { args: ['check', 'asked', '--keylog', '/x'], code: 2, says: /--keylog does not work from outside the cluster/ },
  ]
  for (const { args, code, says } of cases) {
    const agents = args.includes('--image') ? [] : AGENTS
    const outcome = await cluster.outside(...args, ...agents)
    assert.match(outcome.stderr, says)
    assert.equal(outcome.code, code, outcome.stderr)
    assert.equal(outcome.stdout, '')
  }
  assert.ok(!existsSync(file))
  await untilNoSession(cluster)
})

test('Ctrl-C while an agent is still on its way leaves nothing either', async (t) => {
  const cluster = useCluster(t)
  if (cluster === undefined) return
  await startTalker(t, cluster, 'early-end')
  // An address for documentation: nobody answers there, so that the image is pulled for ever.
  const tap = new Laptop(t, cluster, 'tap', '^early-end$', '-o', 'json', '--agent-namespace', 'default', '--image', '192.0.2.1/mtlscope:1')
  await cluster.until('there is a pod of it', async () => (await cluster.kubectl('get', 'pods', '-l', 'app.kubernetes.io/component=session', '-o', 'name')).trim() !== '')
  assert.equal(await tap.signal('SIGINT'), 0, tap.stderr)
  await untilNoSession(cluster)
})
