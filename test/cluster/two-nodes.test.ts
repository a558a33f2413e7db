import assert from 'node:assert/strict'
import test from 'node:test'
import { isDeepStrictEqual } from 'node:util'
import { removeNode } from '../../scripts/cluster/down.ts'
import { nodePlace } from '../../scripts/cluster/place.ts'
import { addNode, importInto } from '../../scripts/cluster/up.ts'
import type { HealthAnswer, MapAnswer, MessagesPage, StatisticsAnswer } from '../../src/model/api.ts'
import type { RunResult } from '../../src/sys/exec.ts'
import { askHub, hubRows, useInstallation } from './own-mesh.ts'
import type { TestCluster } from './test-cluster.ts'
import { HTTP_SERVER, busyboxPod, useCluster } from './test-cluster.ts'

const FILTER = 'path.startsWith("/said-")'
const NAMESPACE = 'two-nodes'
const ONCE = encodeURIComponent('path.startsWith("/once-")')
const CALLS = 30

/** Talks to itself, and to the service of the other node. */
function talker(word: string, other: string): string {
  return `busybox mkdir /www; busybox httpd -p 8080 -h /www; n=0; while :; do n=$((n+1)); busybox wget -qO- http://127.0.0.1:8080/said-${word}-$n; busybox timeout 5 busybox wget -qO- http://${other}:8080/said-${word}-across-$n; busybox sleep 1; done`
}

/** Calls the other so often, and no more, once that answers. */
function caller(other: string): string {
  return `until busybox timeout 5 busybox wget -qO- http://${other}:8080/; do busybox sleep 1; done; n=0; while [ $n -lt ${CALLS} ]; do n=$((n+1)); busybox timeout 5 busybox wget -qO- http://${other}:8080/once-$n; done; while :; do busybox sleep 60; done`
}

function onNode(node: string, pod: object): object {
  const { spec, ...rest } = pod as { spec: object }
  return { ...rest, spec: { ...spec, nodeName: node } }
}

/** Words said by pods that the hub lists, with the node of the row: `here-across node-2`. */
async function wordsByNode(cluster: TestCluster): Promise<Set<string>> {
  return new Set((await hubRows(cluster, FILTER)).map(({ what, node }) => `${/said-([a-z-]+)-\d/.exec(what)?.[1]} ${node}`))
}

test('two nodes: their agents are merged, what crosses is counted once, one of them is drained and no pod is refused meanwhile, and a node that dies is shown as missing and keeps no uninstall waiting', async (t) => {
  const cluster = useCluster(t)
  if (cluster === undefined) return
  const second = nodePlace(cluster.place, 2)
  t.after(async () => {
    await removeNode(second)
    await cluster.kubectlInput('', 'delete', 'node', second.node, '--ignore-not-found')
    // Nobody is left on it to say that they have ended.
    await cluster.kubectlInput('', 'delete', 'pods', '-A', '--field-selector', `spec.nodeName=${second.node}`, '--force', '--grace-period=0')
  })
  await addNode(cluster.place, 2, () => {})
  await importInto(second)
  await useInstallation(t, cluster)
  const service = (name: string): object => ({ apiVersion: 'v1', kind: 'Service', metadata: { name }, spec: { selector: { app: name }, ports: [{ port: 8080 }] } })
  await cluster.apply(t, { apiVersion: 'v1', kind: 'List', items: [service('here'), service('there'), onNode('node', busyboxPod('here', talker('here', 'there'))), onNode(second.node, busyboxPod('there', talker('there', 'here')))] })
  await cluster.untilPodRuns('here')
  await cluster.untilPodRuns('there')

  await t.test('what was said on either node is in one list', async () => {
    await cluster.until('all of it is there', async () => {
      const words = await wordsByNode(cluster)
      return ['here node', 'there node-2'].every((word) => words.has(word)) && ['here-across', 'there-across'].every((word) => [...words].some((one) => one.startsWith(`${word} `)))
    })
    // On a busy machine a node is taken for lost for a moment.
    await cluster.until('both answer', async () => {
      const { nodes = [] } = await askHub<HealthAnswer>(cluster, '/health') ?? {}
      return isDeepStrictEqual(nodes.map(({ name, state }) => `${name} ${state}`).sort(), ['node answers', 'node-2 answers'])
    })
  })

  await t.test('a request between sidecars on two nodes is counted once, and figures agree with the list', async () => {
    await cluster.kubectl('create', 'namespace', NAMESPACE)
    t.after(() => cluster.kubectlInput('', 'delete', 'namespace', NAMESPACE, '--wait=false'))
    await cluster.kubectl('label', 'namespace', NAMESPACE, 'mtlscope.io/inject=enabled')
    const meshed = (name: string, script: string, on: string): object => onNode(on, busyboxPod(name, script, { namespace: NAMESPACE }))
    await cluster.apply(t, { apiVersion: 'v1', kind: 'List', items: [{ ...service('called'), metadata: { name: 'called', namespace: NAMESPACE } }, meshed('caller', caller('called'), 'node'), meshed('called', HTTP_SERVER, second.node)] })
    await cluster.untilPodRuns('called', NAMESPACE)
    const rowsOf = async (): Promise<MessagesPage['rows']> => (await askHub<MessagesPage>(cluster, `/messages?limit=1000&hops=joined&q=${ONCE}`))?.rows ?? []
    await cluster.until('both ends of most are there', async () => {
      const rows = await rowsOf()
      return rows.some(({ what }) => what === `GET /once-${CALLS}`) && rows.filter(({ joinedTo }) => joinedTo !== undefined).length > CALLS / 2
    })
    // What comes late joins what was there: until that is over list and figures may differ.
    await cluster.until('the figures are those of the list', async () => {
      const shown = (await rowsOf()).filter(({ joinedTo }) => joinedTo === undefined)
      const { total } = await askHub<StatisticsAnswer>(cluster, `/statistics?hops=joined&q=${ONCE}`) ?? {}
      return total !== undefined && total.requests === shown.length && total.requests < 1.5 * CALLS && new Set(shown.map(({ what }) => what)).size === CALLS
    })
    const { edges, twice = 0 } = (await askHub<MapAnswer>(cluster, `/map?q=${ONCE}`))!
    const onMap = edges.reduce((sum, { requests }) => sum + requests, 0)
    assert.ok(onMap > CALLS / 2 && onMap <= CALLS + twice, `${onMap} on the map, ${twice} of them perhaps twice`)
  })

  await t.test('one is drained: its injector is made elsewhere before the other may go, and no pod is refused', async () => {
    assert.match(await cluster.kubectl('get', 'poddisruptionbudget', '-n', 'mtlscope', '-o', 'name'), /mtlscope-injector/)
    const tried = JSON.stringify(busyboxPod('tried', HTTP_SERVER, { namespace: NAMESPACE }))
    let isDone = false
    const drained = cluster.kubectl('drain', second.node, '--ignore-daemonsets', '--delete-emptydir-data', '--force', '--timeout', '180s').finally(() => { isDone = true })
    try {
      do {
        const result: RunResult = await cluster.kubectlInput(tried, 'create', '--dry-run=server', '-o', 'jsonpath={.spec.initContainers[*].name}', '-f', '-')
        assert.equal(result.code, 0, result.stderr)
        assert.match(result.stdout, /mtlscope-sidecar/)
      } while (!isDone)
    } finally {
      await drained
    }
    await cluster.untilDeployed('mtlscope-injector', 'mtlscope')
    await cluster.untilDeployed('mtlscope-hub', 'mtlscope')
    const left = await cluster.kubectl('get', 'pods', '-A', '--field-selector', `spec.nodeName=${second.node}`, '-o', 'name')
    assert.match(left, /^pod\/mtlscope-agent-\w+\n$/)
  })

  await t.test('one dies: it is named as missing, and what the other has is there', async () => {
    await cluster.until('the hub has both', async () => (await askHub<HealthAnswer>(cluster, '/health'))?.nodes?.every(({ state }) => state === 'answers') === true)
    await removeNode(second)
    await cluster.until('it is missing, the other answers, and advice says so', async () => {
      const { nodes = [], advice = [] } = await askHub<HealthAnswer>(cluster, '/health') ?? {}
      return nodes.some(({ name, state }) => name === second.node && state === 'missing') && nodes.some(({ name, state }) => name === 'node' && state === 'answers')
        && advice.some(({ text }) => text.startsWith(`node ${second.node}: no answer since `))
    })
    await cluster.until('what the other has is listed, and nothing of it', async () => {
      const words = await wordsByNode(cluster)
      return words.has('here node') && !words.has('there node-2')
    })
    assert.equal((await cluster.kubectlInput('', 'get', 'pods', '-n', 'mtlscope', '-o', 'name')).code, 0)
  })

  await t.test('an uninstall beside it does not wait for it, removes all else, and says what stays; --force takes that out', async () => {
    // As the controller of nodes does it, when it has not heard of one for 50 seconds.
    const unheard = { status: { conditions: [{ type: 'Ready', status: 'Unknown', reason: 'NodeStatusUnknown', lastTransitionTime: new Date().toISOString() }] } }
    await cluster.kubectl('patch', 'node', second.node, '--subresource=status', '--type=strategic', '-p', JSON.stringify(unheard))
    const { code, stderr } = await cluster.mtlscope('uninstall')
    assert.equal(code, 1, stderr)
    assert.match(stderr, new RegExp(`warning: node ${second.node} does not answer since `))
    assert.match(stderr, new RegExp(`error: not everything could be removed: /var/lib/mtlscope on node ${second.node}, which does not answer; pod mtlscope-agent-\\w+ on node ${second.node}, which does not answer; namespace mtlscope, which ends with them\n`))
    assert.match(stderr, /deleted \/var\/lib\/mtlscope on 1 node\n/)
    assert.match(await cluster.kubectl('get', 'pods', '-n', 'mtlscope', '-o', 'name'), /^pod\/mtlscope-agent-\w+\n$/)
    const forced = await cluster.mtlscope('uninstall', '--force')
    assert.equal(forced.code, 0, forced.stderr)
    assert.match(forced.stderr, new RegExp(`is left in the cluster, as far as it was looked at\nmtlscope: not looked at: /var/lib/mtlscope on the nodes, of which ${second.node} does not answer`))
    assert.equal(await cluster.kubectl('get', 'namespace', 'mtlscope', '--ignore-not-found', '-o', 'name'), '')
  })
})
