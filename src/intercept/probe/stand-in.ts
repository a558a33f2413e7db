import { closeSync } from 'node:fs'
import net from 'node:net'
import { bindSocketAs } from '../../sys/socket-as.ts'
import type { SocketOwner } from '../../sys/socket-as.ts'
import { insideNamespace } from '../apply/in-namespace.ts'

/** Listens in the place of a proxy that does not run, as its user, and says a token to whoever is led there. */
export class StandIn {
  readonly #servers: net.Server[] = []
  readonly #sockets = new Set<net.Socket>()
  readonly #token: string

  constructor(token: string) {
    this.#token = token
  }

  /** Throws 'cannot-listen' where the port is taken. */
  async listen(netns: string, owner: SocketOwner, port: number, versions: readonly (4 | 6)[], isTransparent: boolean): Promise<void> {
    for (const version of versions) {
      const fd = insideNamespace(netns, () => bindSocketAs(owner, version, port, isTransparent))
      const server = net.createServer((socket) => {
        this.#sockets.add(socket)
        socket.on('error', () => {})
        socket.once('close', () => this.#sockets.delete(socket))
        // What it is told is read, or its end is never seen.
        socket.resume().end(this.#token)
      })
      await new Promise<void>((resolve, reject) => {
        server.once('error', (error) => {
          closeSync(fd)
          reject(error)
        })
        server.listen({ fd }, resolve)
      })
      this.#servers.push(server)
    }
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    await Promise.all(this.#servers.map((server) => new Promise((resolve) => server.close(resolve))))
  }
}
