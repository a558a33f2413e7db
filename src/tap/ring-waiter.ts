import { callFailed } from '../sys/errno.ts'
import { EPOLLERR, EPOLLIN, Epoll } from '../sys/epoll.ts'
import type { PacketRing, RingSink } from '../sys/packet-ring.ts'
import { takeSocketError } from '../sys/packet-socket.ts'
import { takeWakeUps } from '../sys/wake-up.ts'

/** More that are ready come with the next wait. */
const MAX_READY = 256

type Ring = Pick<PacketRing, 'fd' | 'walk'>

interface Watched { readonly ring: Ring, readonly sink: RingSink }

/**
 * What a capture thread sleeps on: its rings, and the descriptor that wakes it. Of hundreds of rings only those are looked at that
 * have something: the kernel names them (epoll(7)). Belongs to one thread; rings must be taken out before they are closed.
 */
export class RingWaiter {
  readonly #epoll = new Epoll(MAX_READY)
  readonly #wakeFd: number
  readonly #watched = new Map<number, Watched>()

  /** Throws 'system-call', as add() does. */
  constructor(wakeFd: number) {
    this.#wakeFd = wakeFd
    this.#watch(wakeFd)
  }

  add(ring: Ring, sink: RingSink): void {
    this.#watch(ring.fd)
    this.#watched.set(ring.fd, { ring, sink })
  }

  remove({ fd }: Ring): void {
    if (this.#watched.delete(fd)) this.#epoll.remove(fd)
  }

  /** Sleeps until there is something or the time is over, then walks the rings that have it. Wake-ups are taken, errors that wait on a socket (its interface went down) too. */
  wait(timeoutMs: number): void {
    const ready = this.#epoll.wait(Math.ceil(timeoutMs))
    for (let i = 0; i < ready; i++) {
      const fd = this.#epoll.fd(i)
      if (fd === this.#wakeFd) {
        takeWakeUps(fd)
        continue
      }
      if ((this.#epoll.mask(i) & EPOLLERR) !== 0) takeSocketError(fd)
      const watched = this.#watched.get(fd)
      if (watched !== undefined) watched.ring.walk(watched.sink)
    }
  }

  close(): void {
    this.#watched.clear()
    this.#epoll.close()
  }

  #watch(fd: number): void {
    if (!this.#epoll.add(fd, 0, EPOLLIN)) throw callFailed({ doing: `wait for descriptor ${fd}`, call: 'epoll_ctl', errno: 'ENOSPC' })
  }
}
