import { formatAddress } from '../net/address.ts'
import type { Packet } from '../net/packet.ts'
import { commentOptions } from '../net/pcapng-writer.ts'
import type { Workload, WorkloadDirectory } from './sniff-names.ts'

/** Comments that are kept: one for each direction of each connection. All are forgotten then, and made again as they come. */
const MAX_COMMENTS = 32_768
const PORTS = 65_536
const NOTHING = new Uint8Array(0)

interface End { readonly known: boolean, readonly text: string }

/** Who talks with whom, for the frames of one place of capture: `web → cart:8080 (nginx)`. */
export class FrameComments {
  readonly #directory: WorkloadDirectory
  readonly #here: Workload | undefined
  /** IPv4: source and destination, each address and port as one number. */
  #v4 = new Map<number, Map<number, Uint8Array>>()
  #v6 = new Map<string, Uint8Array>()
  #made = 0

  constructor(directory: WorkloadDirectory, here: Workload | undefined) {
    this.#directory = directory
    this.#here = here
  }

  /** As the options of the frame's block; undefined where neither end is known. Only for TCP and UDP. */
  of(packet: Packet): Uint8Array | undefined {
    const comment = packet.version === 4 ? this.#ofV4(packet) : this.#ofV6(packet)
    return comment === NOTHING ? undefined : comment
  }

  #ofV4(p: Packet): Uint8Array {
    const from = p.src3 * PORTS + p.srcPort
    const to = p.dst3 * PORTS + p.dstPort
    let row = this.#v4.get(from)
    let comment = row?.get(to)
    if (comment !== undefined) return comment
    comment = this.#make(p)
    row = this.#v4.get(from)
    if (row === undefined) this.#v4.set(from, row = new Map())
    row.set(to, comment)
    return comment
  }

  #ofV6(p: Packet): Uint8Array {
    const key = `${p.src0} ${p.src1} ${p.src2} ${p.src3} ${p.srcPort} ${p.dst0} ${p.dst1} ${p.dst2} ${p.dst3} ${p.dstPort}`
    let comment = this.#v6.get(key)
    if (comment === undefined) this.#v6.set(key, comment = this.#make(p))
    return comment
  }

  #make(p: Packet): Uint8Array {
    if (++this.#made > MAX_COMMENTS) {
      this.#v4 = new Map()
      this.#v6 = new Map()
      this.#made = 1
    }
    const from = this.#owner(p.version, p.src0, p.src1, p.src2, p.src3)
    const to = this.#owner(p.version, p.dst0, p.dst1, p.dst2, p.dst3)
    const serves = (workload: Workload | undefined, port: number, other: number): boolean => workload?.listeners.has(port) === true || port < other
    const source = endText(from.owner, from.ip, p.srcPort, serves(from.owner, p.srcPort, p.dstPort))
    const target = endText(to.owner, to.ip, p.dstPort, serves(to.owner, p.dstPort, p.srcPort))
    return source.known || target.known ? commentOptions(`${source.text} → ${target.text}`) : NOTHING
  }

  #owner(version: number, w0: number, w1: number, w2: number, w3: number): { ip: string, owner: Workload | undefined } {
    const ip = formatAddress(version, w0, w1, w2, w3)
    return { ip, owner: this.#directory.ownerOf(ip, this.#here) }
  }
}

/** The port only of the end that serves, so that all connections of an edge have one comment. */
function endText(owner: Workload | undefined, ip: string, port: number, serves: boolean): End {
  const name = owner?.name ?? (ip.includes(':') ? `[${ip}]` : ip)
  const listener = serves ? owner?.listeners.get(port) : undefined
  return { known: owner !== undefined, text: `${name}${serves ? `:${port}` : ''}${listener === undefined ? '' : ` (${listener})`}` }
}
