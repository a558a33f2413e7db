import { callFailed, errnoName } from './errno.ts'
import { errno, poll } from './libc.ts'
import { takeSocketError } from './packet-socket.ts'

const POLLIN = 1
const POLLERR = 8
const POLLNVAL = 32

/** struct pollfd, two words each: fd, events | revents << 16. Grows, is never given back; one a thread. */
let pollfds = new Int32Array(2 * 16)

/**
 * Blocks this thread until a descriptor is readable or the time is over; -1 waits for ever. Returns how many are
 * readable: 0 also where a signal came. Errors that wait on a socket (its interface went down) are taken off it,
 * so that they do not make the next call return at once.
 */
export function pollFds(fds: ArrayLike<number>, timeoutMs: number): number {
  const count = fds.length
  if (pollfds.length < count * 2) pollfds = new Int32Array(count * 4)
  for (let i = 0; i < count; i++) {
    pollfds[2 * i] = fds[i]
    pollfds[2 * i + 1] = POLLIN
  }
  const ready = poll(pollfds, count, timeoutMs)
  if (ready <= 0) return ready === 0 ? 0 : afterFailure(errnoName(errno()))
  return countReadable(count)
}

function countReadable(count: number): number {
  let readable = 0
  for (let i = 0; i < count; i++) {
    const found = pollfds[2 * i + 1] >>> 16
    if ((found & POLLIN) !== 0) readable++
    if ((found & POLLERR) !== 0) takeSocketError(pollfds[2 * i])
    if ((found & POLLNVAL) !== 0) throw callFailed({ doing: `wait for descriptor ${pollfds[2 * i]}`, call: 'poll', errno: 'EBADF' })
  }
  return readable
}

function afterFailure(name: string): number {
  if (name === 'EINTR' || name === 'EAGAIN') return 0
  throw callFailed({ doing: 'wait for packets', call: 'poll', errno: name })
}
