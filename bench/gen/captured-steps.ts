import { readCaptureFile } from '../../src/capture/capture-file.ts'
import type { Side } from '../../src/model/side.ts'
import { CLIENT, SERVER } from '../../src/model/side.ts'

const ETHERNET_BYTES = 14
const TCP = 6
const SYN_ACK = 0x12

/** What one side sent in one segment. */
export interface CapturedStep { readonly side: Side, readonly bytes: Uint8Array }

/** Payloads of each TCP connection of a capture of IPv4 over Ethernet that has no losses, in the order of capture. */
export async function capturedSteps(path: string): Promise<CapturedStep[][]> {
  const connections = new Map<string, CapturedStep[]>()
  const servers = new Set<string>()
  await readCaptureFile(path, {
    interface() {},
    frame(buf, offset, captured) {
      const view = new DataView(buf.buffer, buf.byteOffset + offset, captured)
      if (view.getUint16(12) !== 0x0800 || view.getUint8(ETHERNET_BYTES + 9) !== TCP) return
      const tcp = ETHERNET_BYTES + (view.getUint8(ETHERNET_BYTES) & 15) * 4
      const end = ETHERNET_BYTES + view.getUint16(ETHERNET_BYTES + 2)
      const from = `${view.getUint32(ETHERNET_BYTES + 12)}:${view.getUint16(tcp)}`
      const to = `${view.getUint32(ETHERNET_BYTES + 16)}:${view.getUint16(tcp + 2)}`
      if ((view.getUint8(tcp + 13) & SYN_ACK) === SYN_ACK) servers.add(from)
      const side = servers.has(from) ? SERVER : CLIENT
      const key = side === CLIENT ? from : to
      const steps = connections.get(key) ?? []
      connections.set(key, steps)
      const payload = tcp + (view.getUint8(tcp + 12) >> 4) * 4
      if (payload < end) steps.push({ side, bytes: Uint8Array.from(buf.subarray(offset + payload, offset + end)) })
    },
  }, {})
  return [...connections.values()]
}
