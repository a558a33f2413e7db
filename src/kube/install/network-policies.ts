import type { InstallOptions, Part } from './install-options.ts'
import type { Manifest } from './object-names.ts'
import { inNamespace, podLabels } from './object-names.ts'

/** Who may open connections to a part; undefined: anyone. Only the ports that it serves on are named. */
const INGRESS: Readonly<Record<Part, readonly { port: number, from: Part | undefined }[]>> = {
  // Sidecars of every namespace.
  ca: [{ port: 8443, from: undefined }],
  // The API server, which is no pod.
  injector: [{ port: 9443, from: undefined }],
  agent: [{ port: 8900, from: 'hub' }],
  hub: [],
}

/** For networks that enforce them; what is not named is refused. */
export function planNetworkPolicy(part: Part, options: InstallOptions): Manifest {
  const ingress = INGRESS[part].map(({ port, from }) => ({
    ...from !== undefined && { from: [{ podSelector: { matchLabels: podLabels(from) } }] }, ports: [{ port, protocol: 'TCP' }],
  }))
  return {
    apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata: inNamespace(part, options),
    spec: { podSelector: { matchLabels: podLabels(part) }, policyTypes: ['Ingress'], ...ingress.length > 0 && { ingress } },
  }
}
