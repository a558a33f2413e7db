import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { CaptureHandlers } from '../../src/capture/capture-file.ts'
import { readCaptureFile } from '../../src/capture/capture-file.ts'
import { parseCapture } from '../../src/net/capture-parser.ts'
import { PcapngWriter } from '../../src/net/pcapng-writer.ts'
import { writeHttp1Pcap } from '../gen/http1-pcap.ts'

const ROUNDS = 7

// Cost of reading and writing capture files a frame: parsing alone from memory, whole files, and the writer.

class Count implements CaptureHandlers {
  frames = 0
  bytes = 0

  frame(_buf: Uint8Array, _offset: number, captured: number): void {
    this.frames++
    this.bytes += captured
  }

  interface(): void {}
}

class Rewrite implements CaptureHandlers {
  readonly writer = new PcapngWriter()
  readonly #sink: (bytes: Uint8Array) => void

  constructor(sink: (bytes: Uint8Array) => void) {
    this.#sink = sink
  }

  frame(buf: Uint8Array, offset: number, captured: number, wire: number, atMicros: number): void {
    this.writer.frame(0, buf, offset, captured, wire, atMicros)
    if (this.writer.pendingBytes > 256 * 1024) this.#sink(this.writer.take())
  }

  interface(): void {
    this.writer.addInterface({ linkType: 1 })
  }
}

function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1]!
}

async function measure(what: string, run: () => number | Promise<number>): Promise<void> {
  await run()
  const costs: number[] = []
  let frames = 0
  for (let i = 0; i < ROUNDS; i++) {
    const before = process.cpuUsage()
    frames = await run()
    const used = process.cpuUsage(before)
    costs.push((used.user + used.system) * 1000 / frames)
  }
  console.log(`${what.padEnd(34)} ${median(costs).toFixed(1).padStart(7)} ns CPU a frame   (${frames} frames)`)
}

async function main(requests: number): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'mtlscope-micro-'))
  try {
    const pcap = join(dir, 'in.pcap')
    const pcapng = join(dir, 'in.pcapng')
    writeHttp1Pcap({ requests, connections: 64, seed: 1, path: pcap })
    const fd = openSync(pcapng, 'w')
    const rewrite = new Rewrite((bytes) => writeSync(fd, bytes))
    writeSync(fd, rewrite.writer.header())
    await readCaptureFile(pcap, rewrite)
    writeSync(fd, rewrite.writer.take())
    closeSync(fd)
    for (const path of [pcap, pcapng]) {
      const bytes = readFileSync(path)
      const format = path.slice(path.lastIndexOf('.') + 1)
      await measure(`${format}, parsed from memory`, () => parseCapture(bytes, new Count()).frames)
      await measure(`${format}, read from the file`, async () => (await readCaptureFile(path, new Count())).frames)
    }
    await measure('pcap read, pcapng written', async () => (await readCaptureFile(pcap, new Rewrite(() => {}))).frames)
    console.log(`memory at most: ${Math.round(process.resourceUsage().maxRSS / 1024)} MiB, of which the files in memory are the most`)
  } finally {
    rmSync(dir, { recursive: true })
  }
}

const { values } = parseArgs({ options: { requests: { type: 'string', default: '50000' } } })
await main(Number(values.requests))
