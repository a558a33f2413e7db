import { closeSync, openSync } from 'node:fs'
import { EPOLLIN } from '../../sys/epoll.ts'
import type { Epoll } from '../../sys/epoll.ts'
import { closeFd } from '../../sys/stream-socket.ts'
import type { ListenerHandle, ListenerUse } from './thread-messages.ts'

/** Accepting is tried again after so long. */
const PAUSE_MS = 500
/** Of descriptors in an epoll that are no legs. */
export const NO_GENERATION = 0

export interface Listener { readonly key: string, readonly fd: number, readonly port: number, use: ListenerUse }

/** The listening sockets of one thread, and a descriptor in reserve with which callers can be turned away when there is no other. */
export class Listeners {
  readonly #epoll: Epoll
  readonly #listeners = new Map<number, Listener>()
  #reserve = -1
  #againMs = 0

  constructor(epoll: Epoll) {
    this.#epoll = epoll
    this.takeReserve()
  }

  get(fd: number): Listener | undefined {
    return this.#listeners.get(fd)
  }

  all(): Listener[] {
    return [...this.#listeners.values()]
  }

  add(handle: ListenerHandle): void {
    const port = Number(handle.key.slice(handle.key.lastIndexOf(':') + 1))
    this.#listeners.set(handle.fd, { key: handle.key, fd: handle.fd, port, use: handle.use })
    if (this.#againMs === 0) this.#epoll.add(handle.fd, NO_GENERATION, EPOLLIN)
  }

  close(listener: Listener): void {
    this.#listeners.delete(listener.fd)
    closeFd(listener.fd)
  }

  /** A descriptor that is given up when there is no other one; false where there is none for it. */
  takeReserve(): boolean {
    try {
      this.#reserve = openSync('/dev/null', 'r')
      return true
    } catch {
      return false
    }
  }

  releaseReserve(): void {
    if (this.#reserve >= 0) closeSync(this.#reserve)
    this.#reserve = -1
  }

  /** Even the reserve is gone: callers wait for a while. */
  pause(nowMs: number): void {
    if (this.#againMs !== 0) return
    this.#againMs = nowMs + PAUSE_MS
    for (const fd of this.#listeners.keys()) this.#epoll.remove(fd)
  }

  /** Called now and then: accepts again where it is time and there is a descriptor. */
  resume(nowMs: number): void {
    if (this.#againMs === 0 || nowMs < this.#againMs || (this.#reserve < 0 && !this.takeReserve())) return
    this.#againMs = 0
    for (const fd of this.#listeners.keys()) this.#epoll.add(fd, NO_GENERATION, EPOLLIN)
  }

  closeAll(): void {
    for (const listener of this.all()) this.close(listener)
    this.releaseReserve()
  }
}
