import { createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { Duplex } from 'node:stream'
import { MtlscopeError } from '../base/errors.ts'
import { onOneLine } from './answer.ts'
import type { KubeClient } from './client.ts'
import type { WebSocketLink } from './web-socket.ts'
import { openWebSocket } from './web-socket.ts'

/** A port of a pod's loopback. */
export interface PodPort { readonly namespace: string, readonly pod: string, readonly port: number }

/** A local port that leads to one of a pod. */
export interface PortForward { readonly port: number, close(): Promise<void> }

/**
 * The kubelet's own WebSocket protocol, which every API server hands through as it is: channel 0 the data, channel 1 errors, and on each
 * first two bytes with the port, least first. One connection of the pod for each WebSocket.
 */
const PROTOCOL = 'v4.channel.k8s.io'
const [DATA, ERROR] = [0, 1]
const PORT_BYTES = 2
const MAX_SENT_BYTES = 64 * 1024

/** One TCP connection to a port of a pod. Throws what KubeClient throws; that nobody listens there is an error of the stream ('kube-failed'). */
export async function connectPod(client: KubeClient, place: PodPort): Promise<Duplex> {
  const { namespace, pod, port } = place
  const { link, head } = await openWebSocket(client, `/api/v1/namespaces/${namespace}/pods/${pod}/portforward?ports=${port}`, [PROTOCOL])
  return new PodConnection(link, head, place)
}

class PodConnection extends Duplex {
  readonly #link: WebSocketLink
  readonly #place: PodPort
  readonly #left = [PORT_BYTES, PORT_BYTES]
  #error = ''

  constructor(link: WebSocketLink, head: Buffer, place: PodPort) {
    super({ allowHalfOpen: false })
    this.#link = link
    this.#place = place
    link.start({ message: (payload) => this.#message(payload), closed: (error) => this.#closed(error) }, head)
  }

  override _read(): void {
    this.#link.resume()
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    let ready = true
    for (let at = 0; at < chunk.length; at += MAX_SENT_BYTES) ready = this.#link.send(Buffer.concat([Uint8Array.of(DATA!), chunk.subarray(at, at + MAX_SENT_BYTES)]))
    if (ready || this.destroyed) done()
    else this.#link.drained(done)
  }

  /** The protocol knows no half-closed connection: the end of one way would be the end of both. */
  override _final(done: () => void): void {
    done()
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#link.close()
    done(error)
  }

  #message(payload: Buffer): void {
    const channel = payload[0]!
    if (channel !== DATA && channel !== ERROR) return
    const skipped = Math.min(this.#left[channel]!, payload.length - 1)
    this.#left[channel]! -= skipped
    const data = payload.subarray(1 + skipped)
    if (data.length === 0) return
    if (channel === ERROR) this.#error = onOneLine(this.#error + data.toString())
    else if (!this.push(data)) this.#link.pause()
  }

  #closed(error: Error | undefined): void {
    if (this.destroyed) return
    const { namespace, pod, port } = this.#place
    const why = this.#error !== '' ? this.#error : error?.message
    if (why === undefined) this.push(null)
    else this.destroy(new MtlscopeError('kube-failed', `cannot reach port ${port} of pod ${pod} in ${namespace}: ${why}`, { cause: error, facts: { namespace, pod, port } }))
  }
}

/** Listens on 127.0.0.1 and leads each connection to a port of a pod. `place` is asked for each, so that it may be another pod by then; `failed` is told why one could not be made. Throws 'cannot-listen'. */
export async function openPortForward(client: KubeClient, place: PodPort | (() => Promise<PodPort>), localPort = 0, failed: (error: Error) => void = () => {}): Promise<PortForward> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {}).once('close', () => sockets.delete(socket)).pause()
    lead(client, socket, place).catch((error: unknown) => {
      socket.destroy()
      failed(error as Error)
    })
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => reject(new MtlscopeError('cannot-listen', `cannot listen on 127.0.0.1:${localPort}: ${cause.code}`, { cause, facts: { port: localPort } })))
    server.listen(localPort, '127.0.0.1', resolve)
  })
  return {
    port: (server.address() as AddressInfo).port,
    close: () => new Promise((resolve) => {
      server.close(() => resolve())
      for (const socket of sockets) socket.destroy()
    }),
  }
}

async function lead(client: KubeClient, socket: Socket, place: PodPort | (() => Promise<PodPort>)): Promise<void> {
  const pod = await connectPod(client, typeof place === 'function' ? await place() : place)
  await new Promise<void>((resolve, reject) => {
    pod.once('error', reject).once('close', () => { socket.destroy(); resolve() })
    socket.once('close', () => pod.destroy())
    if (socket.destroyed) return void pod.destroy()
    socket.pipe(pod)
    pod.pipe(socket)
  })
}
