import type { CaptureInterface } from '../capture/capture-file.ts'
import { readCaptureFile } from '../capture/capture-file.ts'
import type { JsonRecord } from '../model/api.ts'
import type { Micros } from '../model/time.ts'
import { formatAddress } from '../net/address.ts'
import { Decoder } from '../net/decode.ts'
import { Packet, TCP, UDP } from '../net/packet.ts'

/** Around a message: its acknowledgements, and clocks of several interfaces. */
const SLACK_MICROS = 20_000
/** A capture is mostly in the order of time; where it is this far behind what is wanted, nothing more comes. */
const DISORDER_MICROS = 5_000_000

/** A file or segment with packets, and the time that it covers where that is known. */
export interface PacketSource { readonly path: string, readonly firstMicros?: Micros, readonly lastMicros?: Micros }

/** One frame that was found; the bytes are borrowed. */
export interface FoundFrame {
  readonly bytes: Uint8Array
  readonly wireBytes: number
  readonly atMicros: Micros
  readonly linkType: number
  readonly interfaceName: string | undefined
  /** In its file, from 1. */
  readonly fileNumber: number
  readonly packet: Packet
  readonly isTcp: boolean
}

interface Window { from: Micros, to: Micros }

/** When and between whom frames are wanted. */
export class WantedPackets {
  readonly #windows = new Map<string, Window[]>()
  readonly #ports = new Set<number>()
  #from: Micros = Infinity
  #to: Micros = 0

  add(record: JsonRecord): void {
    const { client, server } = record
    const atMicros = Date.parse(record.at) * 1000
    const lasted = (record.elapsedMicros ?? 0) + durationOf(record.request) + durationOf(record.response)
    const window = { from: atMicros - SLACK_MICROS, to: atMicros + lasted + SLACK_MICROS }
    const key = pairKey(client.ip, client.port, server.ip, server.port)
    const windows = this.#windows.get(key)
    if (windows === undefined) this.#windows.set(key, [window])
    else windows.push(window)
    this.#ports.add(client.port * 65_536 + server.port)
    this.#ports.add(server.port * 65_536 + client.port)
    this.#from = Math.min(this.#from, window.from)
    this.#to = Math.max(this.#to, window.to)
  }

  has(packet: Packet, atMicros: Micros): boolean {
    if (atMicros < this.#from || atMicros > this.#to || !this.#ports.has(packet.srcPort * 65_536 + packet.dstPort)) return false
    const { version: v, src0, src1, src2, src3, dst0, dst1, dst2, dst3 } = packet
    const windows = this.#windows.get(pairKey(formatAddress(v, src0, src1, src2, src3), packet.srcPort, formatAddress(v, dst0, dst1, dst2, dst3), packet.dstPort))
    return windows !== undefined && windows.some((window) => atMicros >= window.from && atMicros <= window.to)
  }

  /** Nothing that is wanted can follow. */
  isPast(atMicros: Micros): boolean {
    return atMicros > this.#to + DISORDER_MICROS
  }

  overlaps({ firstMicros, lastMicros }: PacketSource): boolean {
    return (firstMicros ?? 0) <= this.#to && (lastMicros ?? Infinity) >= this.#from
  }
}

function durationOf(half: Readonly<Record<string, unknown>> | undefined): number {
  const duration = half?.durationMicros
  return typeof duration === 'number' ? duration : 0
}

function pairKey(ipA: string, portA: number, ipB: string, portB: number): string {
  const a = `${ipA} ${portA}`
  const b = `${ipB} ${portB}`
  return a < b ? `${a} ${b}` : `${b} ${a}`
}

/**
 * Hands over the frames that are wanted, in the order of their sources. `take` returns false when it has enough.
 * Sources that are broken or gone end where they break. Nothing was noted while capturing: the frames are decoded again, which costs a capture nothing.
 */
export async function findPackets(sources: readonly PacketSource[], wanted: WantedPackets, take: (frame: FoundFrame) => boolean): Promise<string[]> {
  const notes: string[] = []
  let enough = false
  for (const source of sources) {
    if (enough || !wanted.overlaps(source)) continue
    try {
      enough = await findIn(source.path, wanted, take)
    } catch (error) {
      notes.push((error as Error).message)
    }
  }
  return notes
}

async function findIn(path: string, wanted: WantedPackets, take: (frame: FoundFrame) => boolean): Promise<boolean> {
  const interfaces = new Map<number, CaptureInterface>()
  const decoder = new Decoder()
  const packet = new Packet()
  let fileNumber = 0
  let enough = false
  let past = false
  await readCaptureFile(path, {
    interface: (i) => { interfaces.set(i.id, i) },
    frame: (buf, offset, captured, wireBytes, atMicros, linkType, id) => {
      fileNumber++
      if (enough) return
      past = wanted.isPast(atMicros)
      const kind = decoder.decode(buf, offset, captured, wireBytes, linkType, atMicros, packet)
      if ((kind !== TCP && kind !== UDP) || !wanted.has(packet, atMicros)) return
      const bytes = buf.subarray(offset, offset + captured)
      enough = !take({ bytes, wireBytes, atMicros, linkType, interfaceName: interfaces.get(id)?.name, fileNumber, packet, isTcp: kind === TCP })
    },
  }, { stop: () => enough || past })
  return enough
}
