import { readCaptureFile } from '../../src/capture/capture-file.ts'
import { PcapOutput } from './pcap-output.ts'

const ETHERTYPE_AT = 12
const IPV4 = 0x0800
const IP_SRC_AT = 26
const IP_DST_AT = 30
const LINKTYPE_ETHERNET = 1
/** Between the last frame of a copy and the first of the next. */
const PAUSE_MICROS = 1000

interface Frame { readonly bytes: Uint8Array, readonly atMicros: number }

/** Frames of IPv4 over Ethernet; others are left out. */
async function framesOf(path: string): Promise<Frame[]> {
  const frames: Frame[] = []
  await readCaptureFile(path, {
    interface() {},
    frame(buf, offset, captured, _wire, atMicros, linkType) {
      const bytes = new Uint8Array(buf.subarray(offset, offset + captured))
      if (linkType === LINKTYPE_ETHERNET && (bytes[ETHERTYPE_AT]! << 8 | bytes[ETHERTYPE_AT + 1]!) === IPV4) frames.push({ bytes, atMicros })
    },
  }, {})
  return frames
}

/**
 * Writes the captures one after the other, `copies` times. In each copy the second and third byte of the addresses are other ones, so that its connections are new.
 * Checksums are those of the originals.
 */
export async function writeRepeatedPcap(paths: readonly string[], copies: number, out: string): Promise<{ sizeBytes: number }> {
  const frames = (await Promise.all(paths.map(framesOf)))
  const pcap = new PcapOutput(out)
  let startMicros = 1_718_875_800_000_000
  for (let copy = 0; copy < copies; copy++) {
    for (const list of frames) {
      const first = list[0]!.atMicros
      for (const { bytes, atMicros } of list) writeFrame(pcap, bytes, startMicros + atMicros - first, copy)
      startMicros += list.at(-1)!.atMicros - first + PAUSE_MICROS
    }
  }
  pcap.close()
  return { sizeBytes: pcap.sizeBytes }
}

function writeFrame(pcap: PcapOutput, bytes: Uint8Array, atMicros: number, copy: number): void {
  const at = pcap.reserve(bytes.length, atMicros)
  pcap.bytes.set(bytes, at)
  for (const ip of [IP_SRC_AT, IP_DST_AT]) {
    pcap.bytes[at + ip + 1] = copy >> 8
    pcap.bytes[at + ip + 2] = copy & 0xff
  }
}
