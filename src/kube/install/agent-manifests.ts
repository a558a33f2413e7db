import { stringify } from 'yaml'

/** What the manifests are made of. */
export interface InstallOptions { readonly namespace: string, readonly image: string, readonly pullPolicy: string | undefined }

const NAME = 'mtlscope-agent'
const LABELS = { 'app.kubernetes.io/name': 'mtlscope', 'app.kubernetes.io/component': 'agent' }

/** Each right of the agents with what it is for; whatever is not here they have not. */
export const AGENT_CAPABILITIES: Readonly<Record<string, string>> = {
  NET_RAW: 'packet sockets, which captures are read from',
  NET_ADMIN: 'rings of locked memory, and filters on them',
  SYS_ADMIN: 'setns: the network namespaces of pods are entered',
  SYS_PTRACE: 'links in /proc of processes of other users: executables and namespaces',
  DAC_READ_SEARCH: 'files in /proc of other users',
}
export const AGENT_RULES = [
  { apiGroups: [''], resources: ['pods', 'services'], verbs: ['get', 'list'] },
]

/**
 * The agents of a cluster, one a node, that tap its pods and write a JSON object a message to their log. Not privileged; they see the
 * processes of their node (hostPID), since that is how a pod is found, so the namespace has to allow what Pod Security calls privileged.
 */
export function planAgentManifests({ namespace, image, pullPolicy }: InstallOptions): object[] {
  const inNamespace = { name: NAME, namespace, labels: LABELS }
  return [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace, labels: { 'pod-security.kubernetes.io/enforce': 'privileged' } } },
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: inNamespace },
    { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', metadata: { name: NAME, labels: LABELS }, rules: AGENT_RULES },
    {
      apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRoleBinding', metadata: { name: NAME, labels: LABELS },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: NAME }, subjects: [{ kind: 'ServiceAccount', name: NAME, namespace }],
    },
    {
      apiVersion: 'apps/v1', kind: 'DaemonSet', metadata: inNamespace,
      spec: { selector: { matchLabels: LABELS }, template: { metadata: { labels: LABELS }, spec: agentSpec(image, pullPolicy) } },
    },
  ]
}

/** As documents of YAML. */
export function agentManifestText(options: InstallOptions): string {
  return planAgentManifests(options).map((manifest) => stringify(manifest, { lineWidth: 0, aliasDuplicateObjects: false })).join('---\n')
}

function agentSpec(image: string, pullPolicy: string | undefined): object {
  return {
    serviceAccountName: NAME, hostPID: true, priorityClassName: 'system-node-critical', terminationGracePeriodSeconds: 10,
    // Also where workloads are kept away from: a node that is not looked at is a hole.
    tolerations: [{ operator: 'Exists' }],
    containers: [{
      name: 'agent', image, ...pullPolicy !== undefined && { imagePullPolicy: pullPolicy },
      // No bodies: logs are read and kept by others.
      args: ['tap', '-A', '-o', 'json', '--body-limit', '0'],
      securityContext: {
        privileged: false, allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, runAsUser: 0, runAsGroup: 0, seccompProfile: { type: 'RuntimeDefault' },
        capabilities: { drop: ['ALL'], add: Object.keys(AGENT_CAPABILITIES) },
      },
      resources: { requests: { cpu: '20m', memory: '96Mi' }, limits: { memory: '512Mi' } },
    }],
  }
}
