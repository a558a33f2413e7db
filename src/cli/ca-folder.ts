import type { Occasion } from '../identity/authority/changes.ts'
import { CaFolder } from '../identity/authority/folder.ts'
import { withFileLock } from '../sys/file-lock.ts'

/** The folder of --dir, locked by the kernel where it is changed. */
export function caFolder(path: string): CaFolder {
  return new CaFolder(path, withFileLock)
}

/** Now, and who called the command. */
export function occasion(): Occasion {
  return { nowMillis: Date.now(), by: caller() }
}

/** Under sudo whoever called that, too. */
export function caller(): string {
  const uid = process.getuid?.() ?? -1
  return process.env.SUDO_UID === undefined ? `uid ${uid}` : `uid ${uid}, sudo by uid ${process.env.SUDO_UID}`
}
