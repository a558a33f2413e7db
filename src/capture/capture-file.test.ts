import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, createWriteStream, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { createGzip, gzipSync, zstdCompressSync } from 'node:zlib'
import { PcapngBlocks, Seen, joinBytes, pcapFile } from '../../test/capture-bytes.ts'
import { MtlscopeError } from '../base/errors.ts'
import { readCaptureFile } from './capture-file.ts'

const PRINT_FRAMES = fileURLToPath(new URL('../../test/fixtures/print-frames.ts', import.meta.url))
const dir = mkdtempSync(join(tmpdir(), 'mtlscope-capture-'))
after(() => rmSync(dir, { recursive: true }))

let files = 0
function file(bytes: Uint8Array | string, name = `f${files++}`): string {
  const path = join(dir, name)
  writeFileSync(path, bytes)
  return path
}

function records(count: number, sizeBytes: number): { seconds: number, fraction: number, bytes: Uint8Array }[] {
  return Array.from({ length: count }, (_, i) => {
    const bytes = new Uint8Array(sizeBytes)
    for (let at = 0; at < sizeBytes; at++) bytes[at] = Math.imul(i * sizeBytes + at, 0x9e3779b1) >>> 24
    return { seconds: i, fraction: 0, bytes }
  })
}

async function failureOf(path: string, seen = new Seen()): Promise<MtlscopeError> {
  const error = await readCaptureFile(path, seen).then(() => undefined, (e: unknown) => e)
  assert.ok(error instanceof MtlscopeError, `${path}: ${String(error)}`)
  return error
}

test('a file of many chunks, frame by frame', async () => {
  const wanted = records(900, 2000)
  const bytes = pcapFile(wanted)
  const seen = new Seen()
  const progress: number[] = []
  const result = await readCaptureFile(file(bytes), seen, { onProgress: (read, total) => { progress.push(read); assert.equal(total, bytes.length) } })
  assert.deepEqual(result, { format: 'pcap', frames: 900, bytes: bytes.length })
  assert.ok(seen.frames.every((f, i) => Buffer.compare(f.bytes, wanted[i]!.bytes) === 0))
  assert.equal(progress.at(-1), bytes.length)
  assert.ok(progress.length > 3)
})

test('a frame larger than the chunk', async () => {
  const wanted = [...records(1, 100), ...records(1, 3_000_000), ...records(1, 100)]
  const seen = new Seen()
  await readCaptureFile(file(pcapFile(wanted, { snapLength: 4_000_000 })), seen)
  assert.deepEqual(seen.frames.map((f) => f.bytes.length), [100, 3_000_000, 100])
  assert.equal(Buffer.compare(seen.frames[1]!.bytes, wanted[1]!.bytes), 0)
})

test('gzip and zstd are unpacked on the way', async (t) => {
  const bytes = pcapFile(records(900, 2000))
  const two = Buffer.concat([gzipSync(bytes.subarray(0, 5000)), gzipSync(bytes.subarray(5000))])
  const packed: [string, Uint8Array][] = [['gzip', gzipSync(bytes)], ['gzip of two members', two]]
  if (typeof zstdCompressSync === 'function') packed.push(['zstd', zstdCompressSync(bytes)])
  for (const [name, data] of packed) {
    await t.test(name, async () => {
      const seen = new Seen()
      assert.deepEqual(await readCaptureFile(file(data), seen), { format: 'pcap', frames: 900, bytes: bytes.length })
    })
  }
})

test('a compressed file that breaks off or is damaged gives all frames before', async () => {
  const wanted = records(400, 2000)
  const packed = gzipSync(pcapFile(wanted))
  const cut = new Seen()
  const error = await failureOf(file(packed.subarray(0, packed.length - 9)), cut)
  assert.equal(error.code, 'capture-cut')
  assert.equal(cut.frames.length, 400)
  assert.match(error.message, /ends in the middle of its compressed data unpacked at byte 806424$/)

  const half = new Seen()
  assert.equal((await failureOf(file(packed.subarray(0, packed.length / 2)), half)).code, 'capture-cut')
  assert.ok(half.frames.length > 150 && half.frames.length < 250)

  const damaged = Buffer.from(packed)
  damaged.fill(0xff, packed.length / 2, packed.length / 2 + 40)
  const seen = new Seen()
  assert.equal((await failureOf(file(damaged), seen)).code, 'capture-malformed')
  assert.ok(seen.frames.length > 150)
})

test('an error says where, after all before it was delivered', async () => {
  const b = new PcapngBlocks()
  const start = joinBytes(b.section(), b.interface(), b.packet(0, 0, 1, Uint8Array.of(1, 2, 3)))
  const seen = new Seen()
  const path = file(start.subarray(0, start.length - 1), 'capture-2.pcapng')
  const error = await failureOf(path, seen)
  assert.equal(error.code, 'capture-cut')
  assert.equal(error.message, `${path} ends in the middle of a block at byte ${start.length - 36}`)
  assert.equal(error.facts.atByte, start.length - 36)

  const absurd = await failureOf(file(joinBytes(start, b.block(6, start, { first: 0xfffffff0 }))), seen)
  assert.equal(absurd.code, 'capture-malformed')
  assert.match(absurd.message, /has a block that claims 4294967280 bytes where at most 67108864 can be, at byte \d+$/)
  assert.equal(seen.frames.length, 1)
})

test('what is no capture is said to be what it looks like', async () => {
  const cases: [string | Uint8Array, RegExp][] = [
    ['', /is not a capture: it is empty, (unpacked )?at byte 0$/],
    ['ab', /is not a capture: it looks like text, (unpacked )?at byte 0$/],
    ['# notes\nhello\n', /it looks like text, (unpacked )?at byte 0$/],
    [gzipSync('hello'), /it looks like text, (unpacked )?at byte 0$/],
    [gzipSync(''), /it is empty, (unpacked )?at byte 0$/],
    [Uint8Array.of(0xfd, 0x37, 0x7a, 0x58, 0x5a, 0, 0), /it looks like xz data, at byte 0$/],
  ]
  for (const [bytes, message] of cases) {
    const error = await failureOf(file(bytes))
    assert.match(error.message, message)
    assert.equal(error.code, 'not-a-capture')
  }
  assert.match((await failureOf(file(Uint8Array.of(0xfd, 0x37, 0x7a, 0x58, 0x5a, 0), 'x.xz'))).hint ?? '', /xzcat .*x\.xz \| mtlscope tap -r -/)
  assert.match((await failureOf(dir)).message, /is not a capture: it is a directory$/)
})

test('what cannot be opened', async () => {
  const missing = await failureOf(join(dir, 'missing'))
  assert.deepEqual([missing.code, missing.facts.errno], ['cannot-read', 'ENOENT'])
})

test('what a handler throws passes through', async () => {
  const path = file(pcapFile(records(1, 10)))
  const handlers = { interface: () => {}, frame: () => { throw new RangeError('mine') } }
  await assert.rejects(readCaptureFile(path, handlers), { name: 'RangeError', message: 'mine' })
})

test('stop and abort end the reading without an error, even before a broken rest', async () => {
  const path = file(joinBytes(pcapFile(records(900, 2000)), Uint8Array.of(1)))
  const stopped = new Seen()
  await readCaptureFile(path, stopped, { stop: () => stopped.frames.length > 0 })
  assert.ok(stopped.frames.length > 0 && stopped.frames.length < 900)

  const controller = new AbortController()
  const aborted = new Seen()
  await readCaptureFile(path, aborted, { signal: controller.signal, onProgress: () => controller.abort() })
  assert.ok(aborted.frames.length > 0 && aborted.frames.length < 900)
  assert.deepEqual(await readCaptureFile(path, new Seen(), { signal: AbortSignal.abort() }), { format: undefined, frames: 0, bytes: 0 })
})

test('the event loop turns while a file is read', async () => {
  const path = file(pcapFile(records(900, 2000)))
  let turns = 0
  const count = (): void => { turns++; timer = setImmediate(count) }
  let timer = setImmediate(count)
  await readCaptureFile(path, new Seen())
  clearImmediate(timer)
  assert.ok(turns >= 3)
})

test('frames of a FIFO come one by one, and a silent one can be aborted', async () => {
  const path = join(dir, 'fifo')
  execFileSync('mkfifo', [path])
  const bytes = pcapFile(records(3, 40))
  const controller = new AbortController()
  const frames: (() => void)[] = []
  const came = [0, 1].map((i) => new Promise<void>((resolve) => { frames[i] = resolve }))
  let seen = 0
  const reading = readCaptureFile(path, { interface: () => {}, frame: () => frames[seen++]?.() }, { signal: controller.signal })
  const writer = createWriteStream(path)
  writer.write(bytes.subarray(0, 24 + 56))
  await came[0]
  writer.write(bytes.subarray(24 + 56, 24 + 112 + 5))
  await came[1]
  controller.abort()
  assert.deepEqual(await reading, { format: 'pcap', frames: 2, bytes: 24 + 112 })
  writer.on('error', () => {})
  writer.destroy()
})

test('a FIFO whose writer leaves in the middle of a record is cut', async () => {
  const path = join(dir, 'fifo-cut')
  execFileSync('mkfifo', [path])
  const reading = failureOf(path)
  createWriteStream(path).end(pcapFile(records(3, 40)).subarray(0, 100))
  assert.match((await reading).message, /ends in the middle of a record at byte 80$/)
})

test('a FIFO that nobody writes to can be aborted', async () => {
  const path = join(dir, 'fifo-silent')
  execFileSync('mkfifo', [path])
  const result = await readCaptureFile(path, new Seen(), { signal: AbortSignal.timeout(50) })
  assert.equal(result.format, undefined)
})

test('a silent FIFO with compressed data can be aborted', async () => {
  const path = join(dir, 'fifo-packed')
  execFileSync('mkfifo', [path])
  const controller = new AbortController()
  const reading = readCaptureFile(path, { interface: () => controller.abort(), frame: () => {} }, { signal: controller.signal })
  const writer = createWriteStream(path)
  writer.on('error', () => {})
  const gzip = createGzip()
  gzip.on('data', (packed) => writer.write(packed))
  gzip.write(pcapFile(records(3, 40)))
  gzip.flush()
  await reading
  writer.destroy()
})

test('standard input: a pipe delivers at once, a file and nothing end well', async (t) => {
  const bytes = pcapFile(records(3, 40))
  await t.test('pipe', async () => {
    const child = spawn(process.execPath, [PRINT_FRAMES, '-'], { stdio: ['pipe', 'pipe', 'inherit'] })
    const lines = createInterface(child.stdout)[Symbol.asyncIterator]()
    child.stdin.write(bytes.subarray(0, 24 + 56))
    assert.equal((await lines.next()).value, 'frame 40')
    child.stdin.write(bytes.subarray(24 + 56, 24 + 56 + 20))
    child.stdin.write(bytes.subarray(24 + 56 + 20, 24 + 112))
    assert.equal((await lines.next()).value, 'frame 40')
    const closed = once(child, 'close')
    child.stdin.end(bytes.subarray(24 + 112, 24 + 120))
    assert.equal((await lines.next()).value, 'error capture-cut standard input ends in the middle of a record at byte 136')
    assert.equal((await closed)[0], 0)
  })
  await t.test('file and nothing', () => {
    const fd = openSync(file(gzipSync(bytes)), 'r')
    const out = execFileSync(process.execPath, [PRINT_FRAMES, '-'], { stdio: [fd, 'pipe', 'inherit'], encoding: 'utf8' })
    closeSync(fd)
    assert.equal(out, 'frame 40\nframe 40\nframe 40\nend pcap 3\n')
    const nothing = execFileSync(process.execPath, [PRINT_FRAMES, '-'], { stdio: ['ignore', 'pipe', 'inherit'], encoding: 'utf8' })
    assert.equal(nothing, 'error not-a-capture standard input is not a capture: it is empty, at byte 0\n')
  })
})
