import { planAccount } from './account-manifests.ts'
import type { InstallOptions } from './install-options.ts'
import type { Manifest } from './object-names.ts'
import { inNamespace, outside, partName, podLabels } from './object-names.ts'
import { IDENTITY_MOUNTS, IDENTITY_VOLUMES, identityArgs, httpsProbe, partContainer, planDeployment, planService, scraped } from './part-pods.ts'

const PORT = 9443
const REPLICAS = 2
const INJECT_LABEL = 'mtlscope.io/inject'
/** Pods of these must start whatever becomes of the injector. */
const NEVER = ['kube-system', 'kube-public', 'kube-node-lease']

/** The webhook that puts sidecars into pods, and who answers it. Two, since pods of labelled namespaces cannot start without an answer. */
export function planInjector(options: InstallOptions): Manifest[] {
  const { image, pullPolicy, pullSecrets, nodeRules, disruptionBudget } = options
  const container = partContainer('injector', options, {
    args: ['injector', '--listen', `0.0.0.0:${PORT}`, '--image', image, ...pullPolicy === undefined ? [] : ['--image-pull-policy', pullPolicy], ...pullSecrets.flatMap((name) => ['--image-pull-secret', name]), '--webhook', partName('injector'), ...nodeRules ? ['--rules', 'node'] : [], ...identityArgs(options)],
    port: PORT, readiness: httpsProbe(PORT, '/readyz'), liveness: httpsProbe(PORT), mounts: IDENTITY_MOUNTS,
    resources: { requests: { cpu: '20m', memory: '64Mi' }, limits: { memory: '256Mi' } },
  })
  return [
    ...planAccount('injector', options),
    planService('injector', options, 443, PORT),
    planDeployment('injector', options, container, { replicas: REPLICAS, annotations: scraped(PORT), pod: { priorityClassName: 'system-cluster-critical', affinity: APART, volumes: IDENTITY_VOLUMES } }),
    ...disruptionBudget ? [{ apiVersion: 'policy/v1', kind: 'PodDisruptionBudget', metadata: inNamespace('injector', options), spec: { maxUnavailable: 1, selector: { matchLabels: podLabels('injector') } } }] : [],
    webhook(options),
  ]
}

const APART = { podAntiAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 100, podAffinityTerm: { topologyKey: 'kubernetes.io/hostname', labelSelector: { matchLabels: podLabels('injector') } } }] } }

/** Without a caBundle, which the injector writes there: until then pods that would get a sidecar are refused, and not started without one. */
function webhook(options: InstallOptions): Manifest {
  const { namespace } = options
  const common = {
    clientConfig: { service: { name: partName('injector'), namespace, path: '/inject', port: 443 } },
    rules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'], scope: 'Namespaced' }],
    admissionReviewVersions: ['v1'], sideEffects: 'NoneOnDryRun', failurePolicy: 'Fail', matchPolicy: 'Equivalent', reinvocationPolicy: 'Never', timeoutSeconds: 10,
  }
  const elsewhere = { key: 'kubernetes.io/metadata.name', operator: 'NotIn', values: [namespace, ...NEVER] }
  return {
    apiVersion: 'admissionregistration.k8s.io/v1', kind: 'MutatingWebhookConfiguration', metadata: outside('injector', options),
    webhooks: [
      {
        name: 'namespace.injector.mtlscope.io', ...common,
        namespaceSelector: { matchExpressions: [{ key: INJECT_LABEL, operator: 'In', values: ['enabled'] }, elsewhere] },
        objectSelector: { matchExpressions: [{ key: INJECT_LABEL, operator: 'NotIn', values: ['disabled'] }] },
      },
      {
        name: 'pod.injector.mtlscope.io', ...common,
        namespaceSelector: { matchExpressions: [{ key: INJECT_LABEL, operator: 'NotIn', values: ['enabled', 'disabled'] }, elsewhere] },
        objectSelector: { matchExpressions: [{ key: INJECT_LABEL, operator: 'In', values: ['enabled'] }] },
      },
    ],
  }
}
