/** What the flags say of pods; undefined where they say nothing. */
export interface PodFlags { pods?: string, namespace?: string[], allNamespaces?: boolean, kubeconfig?: string, context?: string }

export function namesPods({ pods, namespace, allNamespaces }: PodFlags): boolean {
  return pods !== undefined || namespace !== undefined || allNamespaces === true
}
