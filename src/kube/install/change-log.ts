import type { KubeClient } from '../client.ts'
import type { LiveObject } from './live-object.ts'
import type { Manifest } from './object-names.ts'
import { PRODUCT } from './object-names.ts'
import { objectPath, objectText } from './object-paths.ts'

/** What the API server keeps by itself: an object that is put back must not claim it. */
const KEPT_BY_SERVER = ['resourceVersion', 'uid', 'managedFields', 'generation', 'creationTimestamp', 'selfLink']

/** What applying an object did. */
export type Change = 'created' | 'changed' | 'same'

/** Applies objects and remembers what was there before, so that all of it can be undone. */
export class ChangeLog {
  readonly #client: KubeClient
  readonly #changes: { readonly manifest: Manifest, readonly before: LiveObject | undefined }[] = []

  constructor(client: KubeClient) {
    this.#client = client
  }

  /** `before`: the object as it is now, undefined where there is none. */
  async apply(manifest: Manifest, before: LiveObject | undefined): Promise<Change> {
    this.#changes.push({ manifest, before })
    const after = await applyObject(this.#client, manifest)
    if (before === undefined) return 'created'
    return versionOf(after) === versionOf(before) ? 'same' : 'changed'
  }

  created(kind: string): boolean {
    return this.#changes.some(({ manifest, before }) => manifest.kind === kind && before === undefined)
  }

  /** Deletes what was created and puts back what was changed, the last first. Returns what could not be undone. */
  async undo(): Promise<string[]> {
    const problems: string[] = []
    for (const { manifest, before } of this.#changes.toReversed()) {
      try {
        if (before === undefined) await this.#client.delete(objectPath(manifest), { propagationPolicy: 'Background' })
        else await this.#putBack(before)
      } catch (error) {
        problems.push(`${objectText(manifest)}: ${(error as Error).message}`)
      }
    }
    return problems
  }

  async #putBack(before: LiveObject): Promise<void> {
    const metadata = Object.fromEntries(Object.entries(before.metadata).filter(([name]) => !KEPT_BY_SERVER.includes(name)))
    const now = await this.#client.find(objectPath(before)) as LiveObject | undefined
    const resourceVersion = now === undefined ? undefined : versionOf(now)
    await this.#client.put(objectPath(before), { ...before, metadata: { ...metadata, ...resourceVersion !== undefined && { resourceVersion } }, status: undefined })
  }
}

/** Server-side apply (fields of others stay, fields that were ours and are not named any more go). `dryRun`: only whether the API server would take it. */
export async function applyObject(client: KubeClient, manifest: Manifest, dryRun = false): Promise<LiveObject> {
  return await client.patch(`${objectPath(manifest)}?fieldManager=${PRODUCT}&force=true${dryRun ? '&dryRun=All' : ''}`, manifest, 'apply') as LiveObject
}

function versionOf({ metadata }: LiveObject): string | undefined {
  return metadata.resourceVersion
}
