import { AGENT_CAPABILITIES } from '../install/account-rights.ts'
import { COMPONENT_LABEL, NAME_LABEL, PRODUCT } from '../install/object-names.ts'
import { pullSecretsOf } from '../install/part-pods.ts'

/** What the agent of one node for one session is made of. */
export interface SessionJobOptions {
  /** Of the session: names and labels of its objects have it. */
  readonly id: string
  readonly namespace: string
  readonly node: string
  readonly image: string
  readonly pullPolicy: string | undefined
  /** Secrets of its namespace that the image is pulled with. */
  readonly pullSecrets: readonly string[]
  /** After this Kubernetes ends it in any case. */
  readonly deadlineSeconds: number
  /** Beside those of every agent. */
  readonly capabilities?: readonly string[]
}

interface SessionJob { readonly metadata: { readonly name: string, readonly [field: string]: unknown }, readonly [field: string]: unknown }

export const SESSION_LABEL = 'mtlscope.io/session'
export const SESSION_CONTAINER = 'agent'
const NODE_ANNOTATION = 'mtlscope.io/node'
/** So long a job that has ended can still be asked why; then Kubernetes removes it with its pod, also where nobody is left to do so. */
const TTL_SECONDS = 15
const GRACE_SECONDS = 5

/**
 * An agent that is there for one session, on one node: a Job whose container only waits, with the rights that programs started in it need.
 * It ends with its standard input, so with whoever holds that, and has no account in the API server.
 */
export function planSessionJob(options: SessionJobOptions): SessionJob {
  const { id, namespace, node, deadlineSeconds } = options
  const labels = { [NAME_LABEL]: PRODUCT, [COMPONENT_LABEL]: 'session', [SESSION_LABEL]: id }
  return {
    apiVersion: 'batch/v1', kind: 'Job',
    metadata: { name: `${PRODUCT}-session-${id}-${shortHash(node)}`, namespace, labels, annotations: { [NODE_ANNOTATION]: node } },
    spec: {
      backoffLimit: 0, activeDeadlineSeconds: deadlineSeconds, ttlSecondsAfterFinished: TTL_SECONDS,
      template: { metadata: { labels }, spec: podSpec(options) },
    },
  }
}

function podSpec({ node, image, pullPolicy, pullSecrets, capabilities = [] }: SessionJobOptions): object {
  return {
    // Past the scheduler: it is about this node, however full or closed it is.
    nodeName: node, tolerations: [{ operator: 'Exists' }], ...pullSecretsOf({ pullSecrets }),
    hostPID: true, restartPolicy: 'Never', automountServiceAccountToken: false, enableServiceLinks: false, terminationGracePeriodSeconds: GRACE_SECONDS,
    containers: [{
      name: SESSION_CONTAINER, image, ...pullPolicy !== undefined && { imagePullPolicy: pullPolicy },
      args: ['hold'], stdin: true, stdinOnce: true,
      securityContext: {
        privileged: false, allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, runAsUser: 0, runAsGroup: 0, seccompProfile: { type: 'RuntimeDefault' },
        capabilities: { drop: ['ALL'], add: [...Object.keys(AGENT_CAPABILITIES), ...capabilities] },
      },
      resources: { requests: { cpu: '20m', memory: '96Mi' }, limits: { memory: '512Mi' } },
    }],
  }
}

/** Names of nodes may be longer than a name of a Job: FNV-1a. */
function shortHash(text: string): string {
  let hash = 0x811c9dc5
  for (const byte of Buffer.from(text)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0
  return hash.toString(36)
}
