import { closeSync, fstatSync, openSync } from 'node:fs'

/**
 * A network namespace that stays, processes or not, as long as this is open. The kernel gives the number of one that is gone to the very next (the lowest that is free), so only of one that is held
 * does the number say which it is.
 */
export class HeldNamespace {
  readonly #fd: number

  private constructor(fd: number) {
    this.#fd = fd
  }

  /** Undefined where it cannot be opened, or `path` is another one by now. */
  static open(path: string, inode: number): HeldNamespace | undefined {
    let fd: number
    try {
      fd = openSync(path, 'r')
    } catch {
      return undefined
    }
    if (fstatSync(fd).ino === inode) return new HeldNamespace(fd)
    closeSync(fd)
    return undefined
  }

  close(): void {
    closeSync(this.#fd)
  }
}
