import assert from 'node:assert/strict'
import type { IncomingMessage, ServerResponse } from 'node:http'
import test from 'node:test'
import type { TestContext } from 'node:test'
import { bodyOf, openKubeServer } from '../kube-server.fixture.ts'
import type { KubeServerOptions } from '../kube-server.fixture.ts'
import type { NodeAgents } from './node-agent.ts'
import { openSessionAgents } from './session-agents.ts'
import type { SessionOptions } from './session-agents.ts'

interface Job { metadata: { name: string, namespace: string }, spec: { activeDeadlineSeconds: number, ttlSecondsAfterFinished: number, backoffLimit: number, template: { spec: Record<string, unknown> & { containers: { args: string[], stdin: boolean, stdinOnce: boolean, securityContext: { privileged: boolean, capabilities: { add: string[] } } }[] } } } }

const OPTIONS: SessionOptions = { namespace: 'tools', image: 'registry.example/mtlscope:1', pullPolicy: undefined, pullSecrets: ['registry'], deadlineSeconds: 700, say: () => {} }

/** An API server that keeps jobs; `pod` is what becomes of each. */
class Cluster {
  readonly jobs: Job[] = []
  readonly deleted: string[] = []
  denied = new Set<string>()
  pod: object | undefined
  event: string | undefined

  answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await bodyOf(request)
    const end = (status: number, value: object): void => void response.writeHead(status).end(JSON.stringify(value))
    const url = decodeURIComponent(request.url!)
    if (url.includes('selfsubjectaccessreviews')) {
      const { verb, resource, subresource } = (body as { spec: { resourceAttributes: Record<string, string> } }).spec.resourceAttributes
      return end(201, { status: { allowed: !this.denied.has(`${verb} ${resource}${subresource === undefined ? '' : `/${subresource}`}`) } })
    }
    if (request.method === 'POST') {
      this.jobs.push(body as Job)
      return end(201, {})
    }
    if (request.method === 'DELETE') {
      this.deleted.push(url.split('/').at(-1)!)
      return end(200, {})
    }
    if (url.includes('/events?')) return end(200, { items: this.event === undefined ? [] : [{ message: this.event }] })
    end(200, { items: this.pod === undefined ? [] : [{ metadata: { name: 'agent-x' }, status: this.pod }] })
  }

  async open(t: TestContext, more: KubeServerOptions = {}): Promise<NodeAgents> {
    const { client } = await openKubeServer(t, { answer: (request, response) => void this.answer(request, response), ...more })
    const agents = await openSessionAgents(client, OPTIONS)
    t.after(() => agents.close())
    return agents
  }
}

const RUNNING = { phase: 'Running', containerStatuses: [{ state: { running: {} } }] }
const waiting = (reason: string, message: string): object => ({ phase: 'Pending', containerStatuses: [{ name: 'agent', image: 'registry.example/mtlscope:1', restartCount: 0, state: { waiting: { reason, message } } }] })

test('an agent is a Job on its node that ends with its input, in time, and without an account', async (t) => {
  const cluster = new Cluster()
  cluster.pod = RUNNING
  const attached: string[] = []
  const agents = await cluster.open(t, { protocols: ['v5.channel.k8s.io'], socket: (_, request) => attached.push(request.url!.split('?')[0]!) })
  const [one, again] = await Promise.all([agents.on('n1'), agents.on('n1')])
  assert.equal(one, again)
  assert.deepEqual({ ...one }, { namespace: 'tools', pod: 'agent-x', node: 'n1', container: 'agent' })
  assert.equal(cluster.jobs.length, 1)
  const [{ metadata, spec }] = cluster.jobs as [Job]
  assert.match(metadata.name, /^mtlscope-session-[0-9a-f]{8}-[0-9a-z]+$/)
  assert.deepEqual([spec.activeDeadlineSeconds, spec.backoffLimit, spec.ttlSecondsAfterFinished], [700, 0, 15])
  const { nodeName, hostPID, automountServiceAccountToken, restartPolicy, imagePullSecrets, containers: [container] } = spec.template.spec
  assert.deepEqual(imagePullSecrets, [{ name: 'registry' }])
  assert.deepEqual([nodeName, hostPID, automountServiceAccountToken, restartPolicy], ['n1', true, false, 'Never'])
  assert.deepEqual([container!.args, container!.stdin, container!.stdinOnce, container!.securityContext.privileged], [['hold'], true, true, false])
  assert.deepEqual(container!.securityContext.capabilities.add, ['NET_RAW', 'NET_ADMIN', 'SYS_ADMIN', 'SYS_PTRACE', 'DAC_READ_SEARCH'])
  assert.deepEqual(attached, ['/api/v1/namespaces/tools/pods/agent-x/attach'])
  await agents.close()
  await agents.close()
  assert.deepEqual(cluster.deleted, [metadata.name])
})

test('rights that are missing are named before anything is made', async (t) => {
  const cluster = new Cluster()
  cluster.denied = new Set(['create jobs', 'get pods/exec'])
  await assert.rejects(cluster.open(t), { code: 'kube-refused', message: 'an agent in namespace tools needs rights that the user has not: create jobs.batch in namespace tools; get pods/exec in namespace tools' })
  assert.deepEqual(cluster.jobs, [])
})

for (const { what, pod, event, message, hint } of [
  { what: 'an image that is not there', pod: waiting('ErrImageNeverPull', 'x'), message: /its image registry\.example\/mtlscope:1 is not on the node/, hint: /--image/ },
  { what: 'an image whose name is none', pod: waiting('InvalidImageName', 'bad'), message: /InvalidImageName: bad/, hint: /--image/ },
  { what: 'a namespace that enforces Pod Security', event: 'pods "x" is forbidden: violates PodSecurity "restricted:latest": host namespaces', message: /violates PodSecurity/, hint: /--agent-namespace/ },
  { what: 'a pod that failed', pod: { phase: 'Failed', message: 'Pod was rejected: out of memory' }, message: /Pod was rejected: out of memory/, hint: /kubectl describe/ },
]) {
  test(`${what} is told with what to do, and nothing is left`, async (t) => {
    const cluster = new Cluster()
    cluster.pod = pod
    cluster.event = event
    const agents = await cluster.open(t)
    await assert.rejects(agents.on('n1'), (error: Error & { code: string, hint: string }) => {
      assert.equal(error.code, 'agent-failed')
      assert.match(error.message, message)
      assert.match(error.hint, hint)
      return true
    })
    await agents.close()
    assert.deepEqual(cluster.deleted, cluster.jobs.map(({ metadata }) => metadata.name))
  })
}

test('an API server of 1.24, which knows no end of standard input, will do', async (t) => {
  const cluster = new Cluster()
  cluster.pod = RUNNING
  const agents = await cluster.open(t, { protocols: ['v4.channel.k8s.io'], socket: () => {} })
  assert.equal((await agents.on('n1')).pod, 'agent-x')
})
