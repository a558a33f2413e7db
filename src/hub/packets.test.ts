import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'node:test'
import type { TestContext } from 'node:test'
import { readCaptureFile } from '../capture/capture-file.ts'
import type { JsonRecord } from '../model/api.ts'
import { FrameBlocks } from '../tap/frame-blocks.ts'
import { record } from '../store/record.fixture.ts'
import type { FoundFrame } from './packet-search.ts'
import { WantedPackets, findPackets } from './packet-search.ts'
import { PacketSegments } from './packet-segments.ts'

const CAPTURE = 'test/fixtures/captures/http1-nginx.pcapng'
const ETHERNET = 1

function folder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'mtlscope-test-packets-'))
  t.after(() => rmSync(path, { recursive: true, force: true }))
  return path
}

/** The frames of a capture: when, and how long. */
async function framesOf(path: string): Promise<[number, number, string | undefined][]> {
  const frames: [number, number, string | undefined][] = []
  const names = new Map<number, string | undefined>()
  await readCaptureFile(path, { interface: (i) => { names.set(i.id, i.name) }, frame: (_buf, _offset, captured, _wire, at, _link, id) => { frames.push([at, captured, names.get(id)]) } })
  return frames
}

test('the packets of a message are those of its connection in its time', async () => {
  const all: { at: number, from: string, to: string }[] = []
  const take = (frame: FoundFrame): boolean => all.push({ at: frame.atMicros, from: `${frame.packet.srcPort}`, to: `${frame.packet.dstPort}` }) > 0
  // The first exchange of the capture: GET / on port 53918.
  const [first] = await framesOf(CAPTURE)
  const wanted = new WantedPackets()
  const at = new Date(Math.floor(first![0] / 1000)).toISOString().replace('Z', `${String(first![0] % 1000).padStart(3, '0')}Z`)
  wanted.add(record({ at, elapsedMicros: 1000, client: { ip: '10.98.0.1', port: 53918 }, server: { ip: '10.98.0.2', port: 8080 } }) as JsonRecord)
  assert.deepEqual(await findPackets([{ path: CAPTURE }, { path: 'missing.pcap' }], wanted, take).then((notes) => notes.length), 1)
  assert.ok(all.length > 3)
  assert.ok(all.every(({ from, to }) => [from, to].includes('53918') && [from, to].includes('8080')))
  assert.ok(all.every(({ at: micros }) => Math.abs(micros - first![0]) < 100_000))
})

test('segments are whole captures, go when there are too many, and are found again', async (t) => {
  const path = folder(t)
  const maxBytes = 4 * 1024 * 1024
  const segments = new PacketSegments(path, maxBytes)
  const blocks = new FrameBlocks()
  const frame = Buffer.alloc(1400, 7)
  let at = 1.7e15
  for (let round = 0; round < 80; round++) {
    const label = round < 40 ? 'web' : `cart${round % 2}`
    for (let i = 0; i < 50; i++) blocks.frame(round < 40 ? 1 : 2 + round % 2, label, frame, 0, frame.length, frame.length, at++, ETHERNET)
    segments.add(0, blocks.take())
  }
  segments.close()
  assert.ok(segments.usedBytes <= maxBytes + 1024 * 1024, String(segments.usedBytes))
  assert.ok(segments.removedBytes > 0)
  const files = readdirSync(path)
  assert.ok(files.length >= 2)
  let last = 0
  for (const name of files.sort()) {
    for (const [micros, length, label] of await framesOf(join(path, name))) {
      assert.ok(micros > last && length === frame.length)
      assert.match(label!, /^(web|cart[01])$/)
      last = micros
    }
  }
  assert.equal(last, at - 1)
  const again = new PacketSegments(path, maxBytes)
  assert.equal(again.usedBytes, segments.usedBytes)
  again.add(0, (blocks.frame(1, 'web', frame, 0, 10, 10, at, ETHERNET), blocks.take()))
  assert.equal(again.sources.length, files.length + 1)
  again.close()
})

test('frames of several writers keep the names of their interfaces', async (t) => {
  const path = folder(t)
  const segments = new PacketSegments(path, 64 * 1024 * 1024)
  const [one, other] = [new FrameBlocks(), new FrameBlocks()]
  for (let i = 0; i < 3; i++) {
    one.frame(1, 'web', Buffer.alloc(60), 0, 60, 60, 1.7e15 + i, ETHERNET)
    other.frame(1, 'cart', Buffer.alloc(70), 0, 70, 70, 1.7e15 + i, ETHERNET)
    segments.add(0, one.take())
    segments.add(1, other.take())
  }
  segments.close()
  const [file] = segments.sources
  assert.equal(readFileSync(file!.path).readUInt32LE(0), 0x0a0d0d0a)
  assert.deepEqual((await framesOf(file!.path)).map(([, length, name]) => [length, name]), [[60, 'web'], [70, 'cart'], [60, 'web'], [70, 'cart'], [60, 'web'], [70, 'cart']])
})
