import { chownSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MtlscopeError } from '../base/errors.ts'
import { isAbandoned, ownFolder } from './folder-owner.ts'

const PREFIX = 'mtlscope-store-'

/** Where a store lies. */
export interface StoreFolder {
  readonly path: string
  readonly database: string
  /** Under sudo a capture becomes the user who called it: the folder becomes that user's too. After the database was opened. */
  handOver(): void
  /** Deletes it where it was made for this run only: it holds other people's data. */
  remove(): void
}

/** The folder that was asked for, which stays; or one for this run, for its owner only. What runs left behind that were killed is deleted. */
export function openStoreFolder(wanted: string | undefined): StoreFolder {
  try {
    if (wanted !== undefined) {
      mkdirSync(wanted, { recursive: true, mode: 0o700 })
      return { path: wanted, database: join(wanted, 'messages.sqlite'), handOver: () => handOver(wanted), remove: () => {} }
    }
    removeAbandoned()
    const path = mkdtempSync(join(tmpdir(), PREFIX))
    ownFolder(path)
    return { path, database: join(path, 'messages.sqlite'), handOver: () => handOver(path), remove: () => rmSync(path, { recursive: true, force: true }) }
  } catch (error) {
    throw new MtlscopeError('cannot-write', `cannot make a folder for the store: ${(error as Error).message}`, { hint: 'name one that can be written: --store DIR', cause: error })
  }
}

function handOver(path: string): void {
  const { SUDO_UID, SUDO_GID } = process.env
  if (process.getuid?.() !== 0 || !/^\d{1,10}$/.test(SUDO_UID ?? '') || !/^\d{1,10}$/.test(SUDO_GID ?? '')) return
  for (const file of [path, ...readdirSync(path).map((name) => join(path, name))]) chownSync(file, Number(SUDO_UID), Number(SUDO_GID))
}

/** Deletes what runs left behind that were killed, and never a folder in use. Returns the paths. */
export function removeAbandoned(): string[] {
  const removed: string[] = []
  for (const name of readdirSync(tmpdir())) {
    if (!name.startsWith(PREFIX)) continue
    const path = join(tmpdir(), name)
    try {
      if (!isAbandoned(path)) continue
      rmSync(path, { recursive: true, force: true })
      removed.push(path)
    } catch {
      // Another user's, or just being deleted by another run.
    }
  }
  return removed
}
