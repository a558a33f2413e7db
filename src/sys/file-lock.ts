import { open } from 'node:fs/promises'
import { constants } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import koffi from 'koffi'
import { MtlscopeError } from '../base/errors.ts'
import { callFailed, errnoName, errnoOf } from './errno.ts'
import { errno } from './libc.ts'

const flock: (fd: number, operation: number) => number = koffi.load(null).func('int flock(int fd, int operation)')

const LOCK_EX = 2
const LOCK_NB = 4
const RETRY_MS = 20

/**
 * Runs one thing at a time among all processes, and within this one, that name the same file, which is made where it is missing and stays. The kernel
 * frees the lock (flock(2)) when the process ends in whatever way. Rejects with 'ca-busy' after `timeoutMs`.
 */
export async function withFileLock<T>(path: string, run: () => Promise<T>, timeoutMs = 5000): Promise<T> {
  const file = await open(path, 'a', 0o600).catch((error: unknown) => {
    throw new MtlscopeError('cannot-write', `cannot open ${path}: ${errnoOf(error) ?? String(error)}`, { facts: { path }, cause: error })
  })
  try {
    // Not waited for within the call: that would stop the whole event loop.
    for (const start = performance.now(); !tryLock(file.fd); await sleep(RETRY_MS)) {
      if (performance.now() - start > timeoutMs) throw new MtlscopeError('ca-busy', `another process holds ${path}`, { hint: 'try again when it is done', facts: { path } })
    }
    return await run()
  } finally {
    await file.close()
  }
}

/** Locks an open file (flock(2)) until it is closed or the process ends; false where another open file has the lock. */
export function tryLock(fd: number): boolean {
  if (flock(fd, LOCK_EX | LOCK_NB) === 0) return true
  const number = errno()
  if (number === constants.errno.EWOULDBLOCK || number === constants.errno.EINTR) return false
  throw callFailed({ doing: 'lock a file', call: 'flock', errno: errnoName(number) })
}
