import { PassThrough } from 'node:stream'
import type { Readable } from 'node:stream'
import { onOneLine } from './answer.ts'
import type { KubeClient } from './client.ts'
import type { WebSocketLink } from './web-socket.ts'
import { openWebSocket } from './web-socket.ts'

/** A container of a pod. `container` may be left out where there is one only. */
export interface PodPlace { readonly namespace: string, readonly pod: string, readonly container?: string }

/** How a process in a container ended; `code` -1 where that is not known, because the connection was lost. */
export interface PodExit { readonly code: number, readonly message: string }

/** A process in a container, as it is talked to. Both outputs must be read. */
export interface PodProcess {
  readonly stdout: Readable
  readonly stderr: Readable
  /** False: more should wait for `drained`. */
  write(data: string | Uint8Array): boolean
  drained(then: () => void): void
  /** The end of its standard input. Older API servers know of none: it then comes with `close`. */
  endStdin(): void
  /** Never rejects. */
  readonly exited: Promise<PodExit>
  /** Lets go of it: its standard input ends, what it writes goes nowhere. */
  close(): void
}

/** Of 1.30 and later, with an end of standard input; of 1.6 and later. */
const PROTOCOLS = ['v5.channel.k8s.io', 'v4.channel.k8s.io']
const [STDIN, STDOUT, STDERR, ERROR, CLOSE] = [0, 1, 2, 3, 255]
const MAX_SENT_BYTES = 64 * 1024

/** Starts a program in a container. Throws what KubeClient throws; that the program is not there is its exit. */
export async function openExec(client: KubeClient, { stdin = false, command, ...place }: PodPlace & { readonly command: readonly string[], readonly stdin?: boolean }): Promise<PodProcess> {
  return await open(client, place, 'exec', [...command.map((word) => ['command', word] as const), ['stdin', String(stdin)], ['stdout', 'true'], ['stderr', 'true']])
}

/** Connects to the first process of a container, whose `stdin` must be true for its input to reach it. */
export async function openAttach(client: KubeClient, { stdin = false, stdout = true, ...place }: PodPlace & { readonly stdin?: boolean, readonly stdout?: boolean }): Promise<PodProcess> {
  return await open(client, place, 'attach', [['stdin', String(stdin)], ['stdout', String(stdout)], ['stderr', String(stdout)]])
}

async function open(client: KubeClient, { namespace, pod, container }: PodPlace, what: string, query: readonly (readonly [string, string])[]): Promise<PodProcess> {
  const search = new URLSearchParams([...query.map(([key, value]): [string, string] => [key, value]), ...container === undefined ? [] : [['container', container] as [string, string]]])
  const { link, head } = await openWebSocket(client, `/api/v1/namespaces/${namespace}/pods/${pod}/${what}?${search}`, PROTOCOLS)
  return new ChannelProcess(link, head)
}

/** The first byte of each message is its channel. */
class ChannelProcess implements PodProcess {
  readonly stdout = new PassThrough()
  readonly stderr = new PassThrough()
  readonly exited: Promise<PodExit>
  readonly #link: WebSocketLink
  #exit: (exit: PodExit) => void = () => {}
  #paused = 0

  constructor(link: WebSocketLink, head: Buffer) {
    this.#link = link
    this.exited = new Promise((resolve) => { this.#exit = resolve })
    link.start({
      message: (payload) => this.#message(payload),
      closed: (error) => {
        this.stdout.end()
        this.stderr.end()
        this.#exit({ code: -1, message: `the connection was lost${error === undefined ? '' : `: ${error.message}`}` })
      },
    }, head)
  }

  write(data: string | Uint8Array): boolean {
    const bytes = typeof data === 'string' ? Buffer.from(data) : data
    let ready = true
    for (let at = 0; at < bytes.length; at += MAX_SENT_BYTES) ready = this.#link.send(Buffer.concat([Uint8Array.of(STDIN!), bytes.subarray(at, at + MAX_SENT_BYTES)]))
    return ready
  }

  drained(then: () => void): void {
    this.#link.drained(then)
  }

  endStdin(): void {
    if (this.#link.protocol === PROTOCOLS[0]) this.#link.send(Uint8Array.of(CLOSE!, STDIN!))
  }

  close(): void {
    this.#link.close()
  }

  #message(payload: Buffer): void {
    const data = payload.subarray(1)
    if (payload[0] === STDOUT) this.#give(this.stdout, data)
    else if (payload[0] === STDERR) this.#give(this.stderr, data)
    else if (payload[0] === ERROR && data.length > 0) this.#exit(parseExit(data.toString()))
  }

  /** Where nobody reads, the other end is to wait. */
  #give(stream: PassThrough, data: Buffer): void {
    if (data.length === 0 || stream.destroyed || stream.write(data)) return
    this.#paused++
    this.#link.pause()
    const resume = (): void => {
      stream.off('drain', resume).off('close', resume)
      if (--this.#paused === 0) this.#link.resume()
    }
    stream.once('drain', resume).once('close', resume)
  }
}

/** A Status object (meta/v1): `details.causes` has the exit code of a program that ended with one. */
export function parseExit(text: string): PodExit {
  try {
    const { status, message, details } = JSON.parse(text) as { status?: unknown, message?: unknown, details?: { causes?: unknown } }
    if (status === 'Success') return { code: 0, message: '' }
    const causes = Array.isArray(details?.causes) ? details.causes as { reason?: unknown, message?: unknown }[] : []
    const code = causes.find((cause) => cause?.reason === 'ExitCode')?.message
    return { code: typeof code === 'string' && /^\d{1,3}$/.test(code) ? Number(code) : -1, message: typeof message === 'string' ? onOneLine(message) : '' }
  } catch {
    return { code: -1, message: onOneLine(text) }
  }
}
