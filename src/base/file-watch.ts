import { statSync, watch } from 'node:fs'
import type { FSWatcher } from 'node:fs'
import { dirname } from 'node:path'

const SETTLE_MS = 200
/** Where inotify says nothing: network file systems, a folder that was replaced as a whole. */
const POLL_MS = 10_000

/**
 * Calls back when any of the files was written, replaced or came or went, some 200 ms after the last change, so that files which
 * are replaced one by one are mostly seen together. Their folders are watched, since a rename replaces the file that a watch would
 * hang on, and Kubernetes replaces a symlink above it. Does not keep the process alive.
 */
export class FileWatch {
  readonly #paths: readonly string[]
  readonly #changed: () => void
  readonly #watchers: FSWatcher[] = []
  readonly #poll: NodeJS.Timeout
  #settle: NodeJS.Timeout | undefined
  #seen: string

  constructor(paths: readonly string[], changed: () => void) {
    this.#paths = paths
    this.#changed = changed
    this.#seen = this.#look()
    for (const folder of new Set(paths.map((path) => dirname(path)))) this.#watch(folder)
    this.#poll = setInterval(() => this.#check(), POLL_MS).unref()
  }

  close(): void {
    clearInterval(this.#poll)
    clearTimeout(this.#settle)
    for (const watcher of this.#watchers) watcher.close()
  }

  #watch(folder: string): void {
    try {
      const watcher = watch(folder, { persistent: false }, () => this.#soon())
      watcher.on('error', () => watcher.close())
      this.#watchers.push(watcher)
    } catch {
      // It is not there (yet), or no watch is left: polling finds out.
    }
  }

  #soon(): void {
    clearTimeout(this.#settle)
    this.#settle = setTimeout(() => this.#check(), SETTLE_MS).unref()
  }

  #check(): void {
    const now = this.#look()
    if (now === this.#seen) return
    this.#seen = now
    this.#changed()
  }

  #look(): string {
    return this.#paths.map(stampOf).join()
  }
}

/** Of a file that may not be looked at, or whose links go round in a circle, why not: that it changes is news too. */
function stampOf(path: string): string {
  try {
    const stat = statSync(path, { bigint: true, throwIfNoEntry: false })
    return stat === undefined ? 'none' : `${stat.dev} ${stat.ino} ${stat.mtimeNs} ${stat.size}`
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? 'none'
  }
}
