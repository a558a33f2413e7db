import { closeSync, readSync, writeSync } from 'node:fs'
import { callFailed, errnoName } from './errno.ts'
import { errno } from './libc.ts'
import { EFD_CLOEXEC, EFD_NONBLOCK, eventfd } from './stream-socket.ts'

/** What an eventfd is told and tells: a number of 64 bits, which it adds up. */
const ONE = new Uint8Array(new BigUint64Array([1n]).buffer)
const sum = new Uint8Array(8)

/** By which one thread ends the poll(2) of another: eventfd(2). */
export class WakeUp {
  readonly fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)

  /** Throws 'system-call'. */
  constructor() {
    if (this.fd < 0) throw callFailed({ doing: 'open a descriptor to wake a thread by', call: 'eventfd', errno: errnoName(errno()) })
  }

  /** What the other thread is to find must be there before. */
  wake(): void {
    writeSync(this.fd, ONE)
  }

  close(): void {
    closeSync(this.fd)
  }
}

/** For the thread that was woken: the next poll waits again. Only where the descriptor was readable. */
export function takeWakeUps(fd: number): void {
  readSync(fd, sum)
}
