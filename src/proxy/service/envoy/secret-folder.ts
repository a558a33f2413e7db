import { closeSync, mkdtempSync, openSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startProcess } from '../../../sys/spawn.ts'
import { tryLock } from '../../../sys/file-lock.ts'

export interface SecretFolder {
  readonly path: string
  /** Idempotent. */
  remove(): void
}

const MEMORY_FOLDER = '/dev/shm'
const NAME = 'mtlscope-envoy-'
const LOCK = 'lock'
/** One that is younger may still be in the making, without its lock. */
const MAKING_MS = 10_000
/** Waits for the end of its standard input, which the kernel closes with whoever holds the other end. */
const GUARD = 'trap "" INT TERM HUP; while read -r _; do :; done; rm -rf -- "$1"'

/**
 * A folder for keys that does not outlive this process, whatever ends it: in memory where the machine has a place for that, and only its
 * owner may enter (mkdtemp). What earlier ones left behind, because their guard was killed too, is removed on the way.
 */
export function openSecretFolder(): SecretFolder {
  const [parent, path] = makeFolder()
  sweep(parent)
  const lock = openSync(join(path, LOCK), 'a', 0o600)
  tryLock(lock)
  const guard = startProcess('sh', ['-c', GUARD, 'sh', path], { stdin: 'pipe', detached: true })
  let isOpen = true
  return {
    path,
    remove: () => {
      if (!isOpen) return
      isOpen = false
      rmSync(path, { recursive: true, force: true })
      closeSync(lock)
      guard.stdin?.end()
    },
  }
}

function makeFolder(): [parent: string, path: string] {
  const name = `${NAME}${process.pid}-`
  try {
    return [MEMORY_FOLDER, mkdtempSync(join(MEMORY_FOLDER, name))]
  } catch {
    return [tmpdir(), mkdtempSync(join(tmpdir(), name))]
  }
}

/** Told by its lock and not by its pid: containers that share the memory folder have pids of their own. */
function sweep(parent: string): void {
  for (const name of readdirSync(parent)) {
    const path = join(parent, name)
    if (name.startsWith(NAME) && isLeftOver(path)) rmSync(path, { recursive: true, force: true })
  }
}

function isLeftOver(path: string): boolean {
  let fd = -1
  try {
    if (Date.now() - statSync(path).mtimeMs < MAKING_MS) return false
    fd = openSync(join(path, LOCK), 'a')
    return tryLock(fd)
  } catch {
    // Somebody else's, or gone meanwhile.
    return false
  } finally {
    if (fd >= 0) closeSync(fd)
  }
}
