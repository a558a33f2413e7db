import { closeSync } from 'node:fs'
import { parentPort, workerData } from 'node:worker_threads'
import { openNetns, withNetns } from '../../src/sys/netns.ts'
import { openRing } from '../../src/sys/packet-ring.ts'

/** Captures in a namespace until told to stop, then reports each datagram as `source port, destination port`. */
const { path, group } = workerData as { path: string, group: number }
const fd = openNetns(path)
const ring = withNetns(fd, () => openRing({ ifindex: 0, fanoutGroup: group, blockCount: 4 }))
closeSync(fd)
parentPort?.postMessage('open')
parentPort?.once('message', () => {
  const datagrams: { ports: string, text: string }[] = []
  ring.flush({
    frame(buf, offset, captured) {
      if (buf[offset + 23] !== 17) return
      const view = new DataView(buf.buffer, buf.byteOffset + offset, captured)
      const ports = [view.getUint16(34), view.getUint16(36)].sort().join()
      datagrams.push({ ports, text: Buffer.from(buf.slice(offset + 42, offset + captured)).toString() })
    },
  })
  ring.close()
  parentPort?.postMessage(datagrams)
})
