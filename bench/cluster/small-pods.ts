/** Pods that do nothing, in many namespaces. */
export const NAMESPACES = 20

export function namespaceOf(n: number): string {
  return `small-${n % NAMESPACES}`
}

export function namespaces(): object[] {
  return Array.from({ length: NAMESPACES }, (_, n) => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespaceOf(n) } }))
}

export function smallPod(n: number): object {
  return {
    apiVersion: 'v1', kind: 'Pod', metadata: { name: `pod-${n}`, namespace: namespaceOf(n), labels: { app: `pod-${n}` } },
    spec: {
      terminationGracePeriodSeconds: 1, automountServiceAccountToken: false,
      containers: [{ name: 'app', image: 'local/busybox:1', imagePullPolicy: 'Never', command: ['busybox', 'sleep', '1000000'] }],
    },
  }
}
