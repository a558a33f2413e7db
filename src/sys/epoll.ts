import koffi from 'koffi'
import { callFailed, errnoName } from './errno.ts'
import { allocateAt, bytesAt, freeAt } from './memory.ts'
import { closeFd, EINTR } from './stream-socket.ts'

const libc = koffi.load(null)
const epollCreate1: (flags: number) => number = libc.func('int epoll_create1(int flags)')
const epollCtl: (epoll: number, operation: number, fd: number, event: number) => number = libc.func('int epoll_ctl(int epfd, int op, int fd, uint64_t event)')
const epollWait: (epoll: number, events: number, count: number, timeoutMs: number) => number = libc.func('int epoll_wait(int epfd, uint64_t events, int maxevents, int timeout)')

export const EPOLLIN = 1
export const EPOLLOUT = 4
export const EPOLLERR = 8
export const EPOLLHUP = 0x10
export const EPOLLRDHUP = 0x2000
export const EPOLLET = 1 << 31
const EPOLL_CLOEXEC = 0o2000000
const EPOLL_CTL_ADD = 1
const EPOLL_CTL_DEL = 2

/** struct epoll_event is packed on x64 only: mask, then 64 bits of our own, here a descriptor and a generation. */
const WORDS = process.arch === 'x64' ? 3 : 4
const DATA = process.arch === 'x64' ? 1 : 2

/**
 * epoll(7). Each descriptor carries a generation of the caller's, by which an event that was fetched before its descriptor was closed and
 * given out anew can be told from one of the new owner.
 */
export class Epoll {
  readonly #fd: number
  readonly #address: number
  readonly #words: Int32Array
  readonly #capacity: number
  readonly #one: number
  readonly #oneWords: Int32Array

  constructor(capacity: number) {
    this.#fd = epollCreate1(EPOLL_CLOEXEC)
    if (this.#fd < 0) throw callFailed({ doing: 'open an epoll', call: 'epoll_create1', errno: errnoName(koffi.errno()) })
    this.#capacity = capacity
    this.#address = allocateAt(capacity * WORDS * 4)
    this.#words = wordsAt(this.#address, capacity)
    this.#one = allocateAt(WORDS * 4)
    this.#oneWords = wordsAt(this.#one, 1)
  }

  /** False where the kernel refuses (ENOMEM, ENOSPC). */
  add(fd: number, generation: number, mask: number): boolean {
    this.#oneWords[0] = mask
    this.#oneWords[DATA] = fd
    this.#oneWords[DATA + 1] = generation
    return epollCtl(this.#fd, EPOLL_CTL_ADD, fd, this.#one) === 0
  }

  /** Not needed before close(2), which removes. */
  remove(fd: number): void {
    epollCtl(this.#fd, EPOLL_CTL_DEL, fd, this.#one)
  }

  /** How many events there are to look at; 0 when the time is over or a signal came. */
  wait(timeoutMs: number): number {
    const count = epollWait(this.#fd, this.#address, this.#capacity, timeoutMs)
    if (count >= 0) return count
    if (koffi.errno() === EINTR) return 0
    throw callFailed({ doing: 'wait for sockets', call: 'epoll_wait', errno: errnoName(koffi.errno()) })
  }

  mask(index: number): number {
    return this.#words[index * WORDS]!
  }

  fd(index: number): number {
    return this.#words[index * WORDS + DATA]!
  }

  generation(index: number): number {
    return this.#words[index * WORDS + DATA + 1]!
  }

  close(): void {
    closeFd(this.#fd)
    freeAt(this.#address)
    freeAt(this.#one)
  }
}

function wordsAt(address: number, count: number): Int32Array {
  const bytes = bytesAt(address, count * WORDS * 4)
  return new Int32Array(bytes.buffer, bytes.byteOffset, count * WORDS)
}
