import { randomBytes } from 'node:crypto'
import type { FileHandle } from 'node:fs/promises'
import { link, mkdir, open, rename, unlink } from 'node:fs/promises'
import { dirname } from 'node:path'
import { MtlscopeError } from '../../base/errors.ts'
import { writeHint } from '../../base/file-errors.ts'

export interface WriteOptions {
  /** Permission bits of the file, whatever the umask. */
  readonly mode: number
  /** Replace what is there; otherwise that is the error 'ca-exists'. */
  readonly replace: boolean
}

/**
 * The whole file or none: written beside its place, flushed, moved there in one step, and the folder flushed. Nobody sees a half, a crash leaves the old
 * one, and for no moment has it other permissions. Throws MtlscopeError 'cannot-write' or 'ca-exists'; then nothing is left behind.
 */
export async function writeFileAtomic(path: string, data: string, options: WriteOptions): Promise<void> {
  const temporary = `${path}.${randomBytes(6).toString('hex')}.tmp`
  try {
    await writeFlushed(temporary, data, options.mode)
    if (options.replace) await rename(temporary, path)
    // Unlike rename, link never replaces.
    else await link(temporary, path)
    if (!options.replace) await unlink(temporary)
    await flushFolder(dirname(path))
  } catch (error) {
    await unlink(temporary).catch(() => {})
    throw writeFailed(path, error)
  }
}

async function writeFlushed(path: string, data: string, mode: number): Promise<void> {
  const file = await open(path, 'wx', mode)
  await withFile(file, async () => {
    await file.chmod(mode)
    await file.writeFile(data)
    await file.sync()
  })
}

async function flushFolder(path: string): Promise<void> {
  const folder = await open(path, 'r')
  await withFile(folder, () => folder.sync())
}

async function withFile(file: FileHandle, use: () => Promise<void>): Promise<void> {
  try {
    await use()
  } finally {
    await file.close()
  }
}

/** A folder for its owner only; one that is there is taken as it is. Throws 'cannot-write'. */
export async function makeFolder(path: string): Promise<void> {
  try {
    // Not recursive at first: on a read-only file system that would only say ENOENT.
    await mkdir(path, { mode: 0o700 }).catch(async (error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error
      await mkdir(path, { recursive: true, mode: 0o700 })
    })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw writeFailed(path, error)
  }
}

/** The error of node:fs as one of ours. */
export function writeFailed(path: string, error: unknown): MtlscopeError {
  const code = (error as NodeJS.ErrnoException).code ?? String(error)
  const details = { facts: { path, errno: code }, cause: error }
  if (code === 'EEXIST') return new MtlscopeError('ca-exists', `${path} exists and is not overwritten`, details)
  return new MtlscopeError('cannot-write', `cannot write ${path}: ${code}`, { ...details, hint: writeHint(code) })
}
