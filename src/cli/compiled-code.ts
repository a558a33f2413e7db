import { lstatSync, mkdirSync } from 'node:fs'
import * as nodeModule from 'node:module'
import { join } from 'node:path'

const WRITABLE_BY_OTHERS = 0o022

/**
 * Keeps what V8 makes of this program's files between runs, which takes a quarter off the time to start (Node 22.8; older ones go without).
 * What is read back is run, so it lies only where nobody but this user can write: under a home that belongs to the effective user, never in /tmp.
 */
export function keepCompiledCode(home: string | undefined = process.env['HOME']): string | undefined {
  if (!('enableCompileCache' in nodeModule) || home === undefined || home === '') return undefined
  try {
    let folder = home
    for (const name of ['.cache', 'mtlscope', 'compiled']) {
      if (!isOwn(folder)) return undefined
      folder = join(folder, name)
      mkdirSync(folder, { recursive: true, mode: 0o700 })
    }
    if (!isOwn(folder)) return undefined
    nodeModule.enableCompileCache(folder)
    return folder
  } catch {
    // A home that is read-only, or none.
    return undefined
  }
}

/** A link is not: its mode lets everybody write. */
function isOwn(folder: string): boolean {
  const { uid, mode } = lstatSync(folder)
  return uid === process.geteuid?.() && (mode & WRITABLE_BY_OTHERS) === 0
}
