import { planAccount } from './account-manifests.ts'
import { AGENT_CAPABILITIES, RULES_CAPABILITIES } from './account-rights.ts'
import type { InstallOptions } from './install-options.ts'
import type { Manifest } from './object-names.ts'
import { NODE_FOLDER, inNamespace, partIdentity, partName, podLabels } from './object-names.ts'
import { IDENTITY_MOUNTS, IDENTITY_VOLUMES, LOCKED, identityArgs, partContainer, pullSecretsOf } from './part-pods.ts'

const PORT = 8900
/** Its threads hardly ever ask malloc(3) at the same time: an arena for each costs the agent 7 MB. */
const ONE_ARENA = { name: 'MALLOC_ARENA_MAX', value: '1' }
const NODE_NAME = { name: 'NODE_NAME', valueFrom: { fieldRef: { fieldPath: 'spec.nodeName' } } }

/**
 * The agents, one a node, that tap its pods and keep what they saw there. Not privileged; they see the processes of their node
 * (hostPID), since that is how a pod is found, so the namespace has to allow what Pod Security calls privileged.
 */
export function planAgents(options: InstallOptions): Manifest[] {
  const { namespace, namespaceOnly, keep } = options
  const container = partContainer('agent', options, {
    args: [
      'agent', ...namespaceOnly ? ['-n', namespace] : ['-A'], '--store', NODE_FOLDER, '--keep', keep, '--listen', `0.0.0.0:${PORT}`, ...identityArgs(options), '--hub-id', partIdentity('hub', options),
    ],
    port: PORT, readiness: { tcpSocket: { port: PORT } }, env: [NODE_NAME, ONE_ARENA],
    mounts: [...IDENTITY_MOUNTS, { name: 'store', mountPath: NODE_FOLDER }],
    securityContext: { privileged: false, runAsUser: 0, runAsGroup: 0, capabilities: { drop: ['ALL'], add: Object.keys(AGENT_CAPABILITIES) } },
    resources: { requests: { cpu: '20m', memory: '96Mi' }, limits: { memory: '512Mi' } },
  })
  return [
    ...planAccount('agent', options),
    {
      apiVersion: 'apps/v1', kind: 'DaemonSet', metadata: inNamespace('agent', options),
      spec: {
        selector: { matchLabels: podLabels('agent') }, updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: '10%' } },
        template: {
          metadata: { labels: podLabels('agent') },
          spec: {
            serviceAccountName: partName('agent'), ...pullSecretsOf(options), hostPID: true, priorityClassName: 'system-node-critical', terminationGracePeriodSeconds: 10,
            // Also where workloads are kept away from: a node that is not looked at is a hole.
            tolerations: [{ operator: 'Exists' }],
            containers: [container, ...options.nodeRules ? [rulesContainer(options)] : []],
            volumes: [...IDENTITY_VOLUMES, { name: 'store', hostPath: { path: NODE_FOLDER, type: 'DirectoryOrCreate' } }],
          },
        },
      },
    },
  ]
}

/** Sets the rules of injected pods from outside. Beside the agent, whose end must not keep pods from starting. */
function rulesContainer({ image, pullPolicy }: InstallOptions): object {
  return {
    name: 'rules', image, ...pullPolicy !== undefined && { imagePullPolicy: pullPolicy }, args: ['node-rules'], env: [NODE_NAME],
    securityContext: { ...LOCKED, privileged: false, runAsUser: 0, runAsGroup: 0, capabilities: { drop: ['ALL'], add: RULES_CAPABILITIES } },
    resources: { requests: { cpu: '10m', memory: '64Mi' }, limits: { memory: '256Mi' } },
  }
}
