import dgram from 'node:dgram'
import net from 'node:net'
import { Deadline } from '../../base/deadline.ts'
import { openSocketAs } from '../../sys/socket-as.ts'
import type { SocketOwner } from '../../sys/socket-as.ts'
import { insideNamespace } from '../apply/in-namespace.ts'

/** What became of a connection. `said`: the first bytes of the other side. */
export interface Attempt { readonly end: 'connected' | 'refused' | 'timeout' | 'unreachable', readonly said: Buffer, readonly isClosed: boolean }

export interface Target { readonly address: string, readonly port: number, readonly version: 4 | 6 }

const MAX_SAID = 256

/** Connects as that user, says `line` where one is given, and waits for an answer; ends with the first bytes, the end of the connection, or the time. */
export function tryConnection(netns: string, owner: SocketOwner, { address, port, version }: Target, timeoutMs: number, line?: string): Promise<Attempt> {
  const socket = new net.Socket({ fd: insideNamespace(netns, () => openSocketAs(owner, version, 'stream')) })
  return new Promise((resolve) => {
    let end: Attempt['end'] = 'timeout'
    let said: Buffer = Buffer.alloc(0)
    let isClosed = true
    // What has come already is read before the time is over: silence may be what a promise is judged by.
    const deadline = new Deadline(timeoutMs, () => {
      isClosed = false
      socket.destroy()
    })
    socket.once('connect', () => {
      end = 'connected'
      if (line !== undefined) socket.write(line)
    })
    socket.once('data', (bytes) => {
      said = bytes.subarray(0, MAX_SAID)
      socket.destroy()
    })
    socket.on('error', (error: NodeJS.ErrnoException) => {
      if (end !== 'connected') end = error.code === 'ECONNREFUSED' || error.code === 'ECONNRESET' ? 'refused' : 'unreachable'
    })
    socket.once('close', () => {
      deadline.end()
      resolve({ end, said, isClosed })
    })
    socket.connect({ host: address, port })
  })
}

/** Sends one datagram; whether the kernel let it go. */
export function tryDatagram(netns: string, owner: SocketOwner, { address, port, version }: Target): Promise<'sent' | 'refused' | 'unreachable'> {
  const fd = insideNamespace(netns, () => openSocketAs(owner, version, 'datagram'))
  const socket = dgram.createSocket(version === 4 ? 'udp4' : 'udp6')
  return new Promise((resolve) => {
    let isOver = false
    const finish = (result: 'sent' | 'refused' | 'unreachable'): void => {
      if (isOver) return
      isOver = true
      socket.close(() => resolve(result))
    }
    const fail = (error: NodeJS.ErrnoException): void => finish(error.code === 'EPERM' || error.code === 'ECONNREFUSED' ? 'refused' : 'unreachable')
    socket.on('error', fail)
    socket.bind({ fd }, () => socket.send('mtlscope', port, address, (error) => {
      if (error !== null) fail(error)
      else finish('sent')
    }))
  })
}
