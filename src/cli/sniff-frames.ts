import { Decoder } from '../net/decode.ts'
import { Packet, TCP, UDP } from '../net/packet.ts'
import { PcapngWriter } from '../net/pcapng-writer.ts'
import { PcapngParser } from '../net/pcapng.ts'
import { displayName } from '../mesh/display-name.ts'
import type { LiveSource } from '../tap/control.ts'
import { FrameComments } from './sniff-comment.ts'
import { WorkloadDirectory } from './sniff-names.ts'

/** Whose listening sockets and addresses these are is asked again so often, while frames come; less often where that takes long. */
const RENEW_MS = 5000
const RENEW_SHARE = 50
const MAX_NAMED_ADDRESSES = 4096

/** What is known of an interface of the file. */
interface Lane { readonly id: number, readonly source: LiveSource | undefined, comments: FrameComments | undefined }

export interface SniffFramesOptions {
  procfs: string
  sources: readonly LiveSource[]
  comments: boolean
}

/**
 * The blocks of the capture threads once more, with what the machine knows added: interfaces described, frames commented, addresses
 * named. The interfaces of all threads become those of one writer.
 */
export class SniffFrames {
  readonly #options: SniffFramesOptions
  readonly #writer = new PcapngWriter()
  readonly #parsers: PcapngParser[] = []
  readonly #lanes = new Map<string, Lane>()
  /** Address → the name that the file gives it. */
  readonly #named = new Map<string, string>()
  readonly #decoder = new Decoder()
  readonly #packet = new Packet()
  #directory: WorkloadDirectory
  #renewMs = 0

  constructor(options: SniffFramesOptions) {
    this.#options = options
    this.#directory = this.#read()
    this.#nameAddresses()
  }

  #nameAddresses(): void {
    const records = this.#directory.records().filter(({ ip, names }) => this.#named.get(ip) !== names[0]).slice(0, MAX_NAMED_ADDRESSES - this.#named.size)
    for (const { ip, names } of records) this.#named.set(ip, names[0]!)
    if (records.length > 0) this.#writer.names(records)
  }

  /** What is to be written for the blocks of one thread. */
  blocks(origin: number, bytes: Uint8Array): Uint8Array {
    if (performance.now() > this.#renewMs) this.#renew()
    this.#parserOf(origin).parse(bytes, 0, bytes.length)
    return this.#writer.take()
  }

  #read(): WorkloadDirectory {
    const startMs = performance.now()
    const directory = WorkloadDirectory.read(this.#options.procfs)
    directory.watch(this.#options.sources.map(namespaceFile))
    const endMs = performance.now()
    this.#renewMs = endMs + Math.max(RENEW_MS, RENEW_SHARE * (endMs - startMs))
    return directory
  }

  /** After rights were given up less can be read than before: then what was known stays. */
  #renew(): void {
    const fresh = this.#read()
    if (fresh.known < this.#directory.known && this.#options.sources.some(({ path }) => fresh.at(path) === undefined)) return
    this.#directory = fresh
    this.#nameAddresses()
    for (const lane of this.#lanes.values()) lane.comments = this.#commentsFor(lane.source)
  }

  #parserOf(origin: number): PcapngParser {
    let parser = this.#parsers[origin]
    if (parser !== undefined) return parser
    const lanes: Lane[] = []
    parser = this.#parsers[origin] = new PcapngParser({
      interface: ({ name = '', linkType }) => { lanes.push(this.#laneOf(name, linkType)) },
      frame: (buf, offset, captured, wire, atMicros, linkType, id) => {
        const lane = lanes[id]!
        const comment = lane.comments && this.#comment(lane.comments, buf, offset, captured, wire, atMicros, linkType)
        this.#writer.frame(lane.id, buf, offset, captured, wire, atMicros, comment)
      },
    })
    // A section of its own, as a file would begin: its bytes are not written.
    const header = new PcapngWriter().header()
    parser.parse(header, 0, header.length)
    return parser
  }

  #comment(comments: FrameComments, buf: Uint8Array, offset: number, captured: number, wire: number, atMicros: number, linkType: number): Uint8Array | undefined {
    const kind = this.#decoder.decode(buf, offset, captured, wire, linkType, atMicros, this.#packet)
    return kind === TCP || kind === UDP ? comments.of(this.#packet) : undefined
  }

  #laneOf(name: string, linkType: number): Lane {
    const key = `${linkType} ${name}`
    let lane = this.#lanes.get(key)
    if (lane === undefined) {
      const source = this.#sourceOf(name)
      const description = this.#describe(source)
      lane = { id: this.#writer.addInterface({ linkType, name, description }).id, source, comments: this.#commentsFor(source) }
      this.#lanes.set(key, lane)
    }
    return lane
  }

  /** Labels are `NAMESPACE/INTERFACE`, and of two namespaces of one name the later one has `~2`. */
  #sourceOf(label: string): LiveSource | undefined {
    const slash = label.lastIndexOf('/')
    const name = slash < 0 ? '' : label.slice(0, slash)
    return this.#options.sources.find((source) => source.name === name)
  }

  #commentsFor(source: LiveSource | undefined): FrameComments | undefined {
    return this.#options.comments ? new FrameComments(this.#directory, source && this.#directory.at(namespaceFile(source))) : undefined
  }

  /** `workload cart · 10.0.0.7 · nginx:8080`. */
  #describe(source: LiveSource | undefined): string | undefined {
    const workload = source && this.#directory.at(namespaceFile(source))
    if (workload === undefined) return undefined
    const listeners = [...workload.listeners].sort(([a], [b]) => a - b).slice(0, 16).map(([port, process]) => `${process}:${port}`)
    const parts = [`workload ${displayName(workload.name) ?? ''}`, workload.addresses.slice(0, 8).join(', '), listeners.join(', ')]
    return parts.filter((part) => part !== '').join(' · ')
  }
}

function namespaceFile({ path }: LiveSource): string {
  return path === '' ? '/proc/self/ns/net' : path
}
