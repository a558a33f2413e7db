import assert from 'node:assert/strict'
import test from 'node:test'
import { IMAGE_NAME } from '../../scripts/image/build-image.ts'
import { deployment, service, useMeshNamespace, useSecurePlane } from './secure-plane.ts'
import { useCluster } from './test-cluster.ts'

const NAMESPACE = 'restricted-shop'
const RULERS = 'rulers'
const RESTRICTED = { allowPrivilegeEscalation: false, runAsNonRoot: true, runAsUser: 1000, capabilities: { drop: ['ALL'] }, seccompProfile: { type: 'RuntimeDefault' } }
const ANNOTATED = { annotations: { 'mtlscope.io/rules': 'node' } }
const CALLER = 'while :; do busybox timeout 5 busybox wget -qO- http://hello:8080/; busybox sleep 1; done'

/** `mtlscope node-rules` on each node, with the rights that it needs and no more. */
function rulers(): object {
  const metadata = { name: 'mtlscope-node-rules', namespace: RULERS }
  const labels = { app: 'mtlscope-node-rules' }
  return { apiVersion: 'v1', kind: 'List', items: [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: RULERS, labels: { 'pod-security.kubernetes.io/enforce': 'privileged' } } },
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata },
    { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', metadata: { name: metadata.name }, rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['list', 'watch'] }] },
    {
      apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRoleBinding', metadata: { name: metadata.name },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: metadata.name }, subjects: [{ kind: 'ServiceAccount', ...metadata }],
    },
    {
      apiVersion: 'apps/v1', kind: 'DaemonSet', metadata,
      spec: {
        selector: { matchLabels: labels },
        template: {
          metadata: { labels },
          spec: {
            serviceAccountName: metadata.name, hostPID: true, terminationGracePeriodSeconds: 1,
            containers: [{
              name: 'rules', image: IMAGE_NAME, imagePullPolicy: 'Never', args: ['node-rules'], env: [{ name: 'NODE_NAME', valueFrom: { fieldRef: { fieldPath: 'spec.nodeName' } } }],
              securityContext: { privileged: false, allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, runAsUser: 0, runAsGroup: 0, seccompProfile: { type: 'RuntimeDefault' }, capabilities: { drop: ['ALL'], add: ['NET_ADMIN', 'NET_RAW', 'SYS_ADMIN', 'SYS_PTRACE'] } },
            }],
          },
        },
      },
    },
  ] }
}

function restricted(name: string, script: string): object[] {
  const [account, workload] = deployment(name, NAMESPACE, script, ANNOTATED, { securityContext: RESTRICTED, volumeMounts: [{ name: 'www', mountPath: '/www' }] }) as [object, { spec: { template: { spec: object } } }]
  Object.assign(workload.spec.template.spec, { volumes: [{ name: 'www', emptyDir: {} }] })
  return [account, workload]
}

test('pods of a namespace that permits no rights are in the mesh, and do not start before their node has set their rules', async (t) => {
  const cluster = useCluster(t)
  if (cluster === undefined) return
  await useSecurePlane(t, cluster)
  await useMeshNamespace(t, cluster, NAMESPACE)
  await cluster.kubectl('label', 'namespace', NAMESPACE, 'pod-security.kubernetes.io/enforce=restricted')
  await cluster.apply(t, { apiVersion: 'v1', kind: 'List', items: [...restricted('hello', 'echo hello > /www/index.html; exec busybox httpd -f -p 8080 -h /www'), service('hello', NAMESPACE), ...restricted('caller', CALLER)] })
  const states = (field: string): Promise<string> => cluster.kubectl('get', 'pods', '-n', NAMESPACE, '-o', `jsonpath={.items[*].status.${field}}`)
  await cluster.until('both wait for their rules', async () => (await states('initContainerStatuses[0].state.running.startedAt')).trim().split(' ').length === 2)
  assert.equal((await states('containerStatuses[*].started')).includes('true'), false)

  await cluster.apply(t, rulers())
  await cluster.untilDeployed('hello', NAMESPACE)
  await cluster.untilDeployed('caller', NAMESPACE)
  await cluster.until('the call is answered', async () => (await cluster.kubectl('logs', 'deploy/caller', '-n', NAMESPACE, '-c', 'app')).includes('hello'))
  await cluster.until('by mutual TLS', async () => (await cluster.kubectl('logs', 'deploy/hello', '-n', NAMESPACE, '-c', 'mtlscope-sidecar', '--tail=-1')).split('\n').some((line) => {
    return line.includes('"security":"mtls"') && line.includes(`spiffe://cluster.local/ns/${NAMESPACE}/sa/caller`)
  }))
  assert.doesNotMatch(await cluster.kubectl('get', 'pods', '-n', NAMESPACE, '-o', 'json'), /NET_ADMIN/)

  // A sandbox that ends takes the network namespace with it, as a reboot of the node does: the pod gets another one, without any rules at first.
  const hello = async (field: string): Promise<string> => (await cluster.kubectl('get', 'pods', '-n', NAMESPACE, '-l', 'app=hello', '-o', `jsonpath={.items[0].${field}}`)).trim()
  const [uid, address] = [await hello('metadata.uid'), await hello('status.podIP')]
  await cluster.inside('sh', '-c', `kill -9 $(grep -ls ${uid} /proc/[0-9]*/cgroup | cut -d/ -f3 | sort -n | head -n1)`)
  await cluster.until('it has another sandbox', async () => ![address, ''].includes(await hello('status.podIP')))
  await cluster.until('it is Ready again', async () => (await hello('status.conditions[?(@.type=="Ready")].status')) === 'True')
  assert.equal(await hello('metadata.uid'), uid)
  assert.match(await cluster.kubectl('logs', '-n', RULERS, 'daemonset/mtlscope-node-rules', '--tail=-1'), new RegExp(`(rules of ${NAMESPACE}/hello-\\S+ set[\\s\\S]*){2}`))
})
