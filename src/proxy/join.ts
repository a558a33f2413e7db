import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'

/**
 * Bytes both ways with back-pressure. An end is passed on as an end, in its own direction only; a failure ends the other
 * socket at once, with a reset where it is a plain one, because an end would make a cut answer look whole.
 * Both must have been opened with allowHalfOpen.
 */
export function join(a: Socket, b: Socket): void {
  watch(a, b)
  watch(b, a)
  a.pipe(b)
  b.pipe(a)
}

function watch(socket: Socket, other: Socket): void {
  socket.setNoDelay(true)
  socket.on('error', () => abort(other))
  socket.once('close', () => {
    if (!socket.readableEnded) abort(other)
  })
}

/**
 * A TLS socket is closed without close_notify (RFC 8446 §6.1), which node's own reader cannot tell from an end.
 * Resetting the TCP socket beneath would say it, but crashes node 24 while a handshake or a write is under way.
 */
function abort(socket: Socket): void {
  if (socket.destroyed) return
  if (socket instanceof TLSSocket) socket.destroy()
  else socket.resetAndDestroy()
}
