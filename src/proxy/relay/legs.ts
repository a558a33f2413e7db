import { EPOLLET, EPOLLIN, EPOLLOUT, EPOLLRDHUP } from '../../sys/epoll.ts'
import type { Epoll } from '../../sys/epoll.ts'
import type { Leg } from './leg.ts'

const EDGES = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET
const MAX_GENERATION = 0x7fff_ffff

/** Which leg has which socket; each is registered with the epoll once, edge-triggered. */
export class Legs {
  readonly #epoll: Epoll
  readonly #legs: (Leg | undefined)[] = []
  #nextGeneration = 1

  constructor(epoll: Epoll) {
    this.#epoll = epoll
  }

  /** Undefined where the event is of a socket that had the descriptor before. */
  get(fd: number, generation: number): Leg | undefined {
    const leg = this.#legs[fd]
    return leg?.generation === generation ? leg : undefined
  }

  /** False where the kernel refuses. */
  add(leg: Leg): boolean {
    leg.generation = this.#nextGeneration
    this.#nextGeneration = this.#nextGeneration === MAX_GENERATION ? 1 : this.#nextGeneration + 1
    this.#legs[leg.fd] = leg
    return this.#epoll.add(leg.fd, leg.generation, EDGES)
  }

  remove(leg: Leg): void {
    this.#legs[leg.fd] = undefined
  }

  /** Its socket is the other leg's from now on, with all that is known of it. */
  move(leg: Leg, to: Leg): void {
    to.fd = leg.fd
    to.ssl = leg.ssl
    to.generation = leg.generation
    to.readable = leg.readable
    to.writable = leg.writable
    to.hangup = leg.hangup
    to.fetched = leg.fetched
    to.buffered = leg.buffered
    this.#legs[to.fd] = to
    leg.fd = -1
    leg.ssl = 0
    leg.readable = false
    leg.hangup = false
    leg.fetched = 0
  }
}
