import { planAccount } from './account-manifests.ts'
import type { InstallOptions } from './install-options.ts'
import type { Manifest } from './object-names.ts'
import { partIdentity, podLabels } from './object-names.ts'
import { IDENTITY_MOUNTS, IDENTITY_VOLUMES, identityArgs, partContainer, planDeployment, planService } from './part-pods.ts'

const PORT = 8899
/** For the kubelet, which does not reach the loopback of a pod; tells nothing but that it runs. */
const PROBE_PORT = 8901

/** Who merges what the agents keep. It listens on the loopback of its pod only, which a port-forward reaches and no other pod does. */
export function planHub(options: InstallOptions): Manifest[] {
  const selector = Object.entries(podLabels('agent')).map((pair) => pair.join('=')).join(',')
  const container = partContainer('hub', options, {
    args: ['hub', '--kube-agents', `${options.namespace}/${selector}`, '--agent-id', partIdentity('agent', options), '--probe', `0.0.0.0:${PROBE_PORT}`, ...identityArgs(options)],
    port: PORT, readiness: { httpGet: { path: '/healthz', port: PROBE_PORT } }, mounts: IDENTITY_MOUNTS,
    resources: { requests: { cpu: '50m', memory: '128Mi' }, limits: { memory: '512Mi' } },
  })
  return [
    ...planAccount('hub', options),
    planService('hub', options, PORT, PORT),
    planDeployment('hub', options, container, { pod: { volumes: IDENTITY_VOLUMES } }),
  ]
}
