import type { Readable } from 'node:stream'
import type { KubeClient } from './client.ts'
import type { PodPlace } from './pod-stream.ts'

/** What a container wrote, and with `follow` writes. Throws what KubeClient throws; 'kube-failed' where the container has not begun. */
export async function openLog(client: KubeClient, { namespace, pod, container, follow = false, tailLines, previous = false }: PodPlace & { readonly follow?: boolean, readonly tailLines?: number, readonly previous?: boolean }, signal?: AbortSignal): Promise<Readable> {
  const query = new URLSearchParams({ follow: String(follow), previous: String(previous), ...container !== undefined && { container }, ...tailLines !== undefined && { tailLines: String(tailLines) } })
  return await client.open(`/api/v1/namespaces/${namespace}/pods/${pod}/log?${query}`, signal)
}
