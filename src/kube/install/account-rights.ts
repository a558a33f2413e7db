import type { Part } from './install-options.ts'
import { TRUST_CONFIG_MAP } from '../trust-map.ts'
import { CA_STATE, partName } from './object-names.ts'

/** A rule of RBAC, and what it is for. `resourceNames`: of these objects only. */
export interface AccountRight {
  readonly apiGroup: string
  readonly resources: readonly string[]
  readonly resourceNames?: readonly string[]
  readonly verbs: readonly string[]
  readonly why: string
  /** `own`: in the namespace of the installation. `cluster`: has no meaning in one namespace. `anywhere`: in the whole cluster, or in the one namespace that there is. */
  readonly where: 'own' | 'cluster' | 'anywhere'
}

/** Each right of each account in the API server; whatever is not here they have not. */
export const ACCOUNT_RIGHTS: Readonly<Record<Part, readonly AccountRight[]>> = {
  ca: [
    { apiGroup: 'authentication.k8s.io', resources: ['tokenreviews'], verbs: ['create'], where: 'cluster', why: 'asks whose token it is that a certificate is wanted with' },
    { apiGroup: '', resources: ['secrets'], resourceNames: [CA_STATE], verbs: ['get', 'update'], where: 'own', why: 'its own state: root, intermediate, generations' },
    { apiGroup: '', resources: ['namespaces', 'pods'], verbs: ['list', 'watch'], where: 'cluster', why: 'finds the namespaces that have injected pods' },
    { apiGroup: '', resources: ['configmaps'], verbs: ['create'], where: 'anywhere', why: 'publishes the trust bundle there (creating cannot be limited to a name)' },
    { apiGroup: '', resources: ['configmaps'], resourceNames: [TRUST_CONFIG_MAP], verbs: ['get', 'patch'], where: 'anywhere', why: 'keeps the trust bundle at its newest' },
  ],
  injector: [
    { apiGroup: 'admissionregistration.k8s.io', resources: ['mutatingwebhookconfigurations'], resourceNames: [partName('injector')], verbs: ['get', 'patch'], where: 'cluster', why: 'writes into its own webhook by which CA it is known' },
    { apiGroup: '', resources: ['events'], verbs: ['create'], where: 'cluster', why: 'says why a pod was left alone' },
  ],
  agent: [
    { apiGroup: '', resources: ['pods', 'services'], verbs: ['get', 'list', 'watch'], where: 'anywhere', why: 'names for processes and addresses' },
  ],
  hub: [
    { apiGroup: '', resources: ['pods'], verbs: ['list', 'watch'], where: 'own', why: 'finds the agents' },
  ],
}

/** Each right of the agents on their node with what it is for; the other parts have none. */
export const AGENT_CAPABILITIES: Readonly<Record<string, string>> = {
  NET_RAW: 'packet sockets, which captures are read from',
  NET_ADMIN: 'rings of locked memory, and filters on them',
  SYS_ADMIN: 'setns: the network namespaces of pods are entered',
  SYS_PTRACE: 'links in /proc of processes of other users: executables and namespaces',
  DAC_READ_SEARCH: 'files in /proc of other users',
}

/** Of the container that sets rules of pods (--node-rules): some of the agents' own. */
export const RULES_CAPABILITIES = ['NET_ADMIN', 'NET_RAW', 'SYS_ADMIN', 'SYS_PTRACE']

/** Of the agents' pods, beside capabilities. */
export const AGENT_SPECIALS: Readonly<Record<string, string>> = {
  hostPID: 'the processes of the node: a pod is found by the cgroup of its processes',
  hostPath: '/var/lib/mtlscope on the node: traffic that was stored outlives the agent',
}
