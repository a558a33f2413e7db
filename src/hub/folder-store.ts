import { randomBytes } from 'node:crypto'
import { EmbeddedStore } from '../store/embedded-store.ts'
import type { Keep } from '../store/keep.ts'
import type { StoreFolder } from './store-folder.ts'
import { openStoreFolder } from './store-folder.ts'

export interface FolderStore {
  readonly store: EmbeddedStore
  readonly folder: StoreFolder
  /** The folder is deleted where it was for this run. */
  close(): Promise<void>
}

/** The embedded store in the folder that was asked for, or in one of this run. Throws MtlscopeError cannot-write. */
export async function openFolderStore(wanted: string | undefined, keep: Keep): Promise<FolderStore> {
  const folder = openStoreFolder(wanted)
  const store = new EmbeddedStore({ path: folder.database, run: `${process.pid}-${randomBytes(4).toString('hex')}`, keep })
  const close = async (): Promise<void> => {
    await store.close()
    folder.remove()
  }
  try {
    await store.ready()
  } catch (error) {
    await close()
    throw error
  }
  return { store, folder, close }
}
