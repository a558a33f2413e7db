import { planAccount } from './account-manifests.ts'
import type { InstallOptions } from './install-options.ts'
import type { Manifest } from './object-names.ts'
import { CA_STATE, inNamespace, partName } from './object-names.ts'
import { AUDIENCE, CA_PORT, httpsProbe, partContainer, planDeployment, planService, scraped } from './part-pods.ts'

/** One CA. Its state is a Secret that is made empty here, so that the CA need not be able to create any; no apply touches what is in it. */
export function planCa(options: InstallOptions): Manifest[] {
  const { namespace, trustDomain } = options
  const container = partContainer('ca', options, {
    args: [
      'ca', 'serve', '--kube-secret', `${namespace}/${CA_STATE}`, '--token-review', '--audience', AUDIENCE, '--trust-domain', trustDomain,
      '--listen', `0.0.0.0:${CA_PORT}`, '--name', `${partName('ca')}.${namespace}.svc`,
    ],
    port: CA_PORT, readiness: httpsProbe(CA_PORT),
    resources: { requests: { cpu: '20m', memory: '64Mi' }, limits: { memory: '256Mi' } },
  })
  return [
    ...planAccount('ca', options),
    { apiVersion: 'v1', kind: 'Secret', metadata: inNamespace('ca', options, CA_STATE), type: 'Opaque' },
    planService('ca', options, CA_PORT, CA_PORT),
    // An upgrade has one version at work, not two. Two of them do no harm, as beside one on a node that is cut off: docs/decisions/0023.
    planDeployment('ca', options, container, { strategy: { type: 'Recreate' }, annotations: scraped(CA_PORT), pod: { priorityClassName: 'system-cluster-critical' } }),
  ]
}
