/** What the flags say of pods; undefined where they say nothing. */
export interface PodFlags {
  pods?: string
  namespace?: string[]
  allNamespaces?: boolean
  kubeconfig?: string
  context?: string
  /** '-': somebody outside tells on standard input which pods are meant. */
  podsFrom?: '-'
  /** Parts of mtlscope in our own namespace are left alone. */
  exceptOurs?: boolean
}

/** What the flags say of looking from outside. */
export interface RemoteFlags { remote?: boolean, image?: string, imagePullPolicy?: string, imagePullSecret?: string[], agentNamespace?: string }

export function namesPods({ pods, namespace, allNamespaces, podsFrom }: PodFlags): boolean {
  return pods !== undefined || namespace !== undefined || allNamespaces === true || podsFrom !== undefined
}
