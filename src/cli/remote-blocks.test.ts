import assert from 'node:assert/strict'
import { PassThrough } from 'node:stream'
import test from 'node:test'
import fc from '#property'
import { PcapngWriter } from '../net/pcapng-writer.ts'
import { PcapngParser } from '../net/pcapng.ts'
import { readBlocks, RemoteBlocks } from './remote-blocks.ts'

/** A capture of one interface and some frames, as an agent sends it. */
function capture(name: string, frames: readonly string[]): Buffer {
  const writer = new PcapngWriter('agent')
  const header = Buffer.from(writer.header())
  const { id } = writer.addInterface({ linkType: 1, name })
  for (const text of frames) writer.frame(id, Buffer.from(text), 0, text.length, text.length, 1_000_000)
  return Buffer.concat([header, writer.take()])
}

async function read(stream: Buffer, cut: number, take: (blocks: Uint8Array) => void): Promise<boolean> {
  const through = new PassThrough()
  for (let at = 0; at < stream.length; at += cut) through.write(stream.subarray(at, at + cut))
  through.end()
  return await readBlocks(through, take)
}

function framesOf(bytes: Uint8Array): string[] {
  const names: string[] = []
  const found: string[] = []
  const parser = new PcapngParser({
    interface: ({ name = '' }) => { names.push(name) },
    frame: (buf, offset, captured, _wire, _at, _link, id) => { found.push(`${names[id]}: ${Buffer.from(buf.subarray(offset, offset + captured)).toString()}`) },
  })
  parser.parse(bytes, 0, bytes.length)
  return found
}

test('captures of two nodes become one, however they are cut', async () => {
  for (const cut of [1, 7, 64, 10_000]) {
    const merged = new RemoteBlocks()
    const parts: Uint8Array[] = [new PcapngWriter('one').header()]
    for (const [origin, stream] of [capture('web.shop/eth0', ['a', 'bb']), capture('cart.shop/eth0', ['ccc'])].entries()) {
      assert.equal(await read(stream, cut, (bytes) => parts.push(Buffer.from(merged.blocks(origin, bytes)))), true)
    }
    assert.deepEqual(framesOf(Buffer.concat(parts)), ['web.shop/eth0: a', 'web.shop/eth0: bb', 'cart.shop/eth0: ccc'])
  }
})

test('what is cut at the end is left out, and what is no pcapng ends it', async () => {
  const whole = capture('x/eth0', ['a', 'b'])
  const parts: Uint8Array[] = [new PcapngWriter('one').header()]
  await read(whole.subarray(0, whole.length - 3), 50, (bytes) => parts.push(bytes))
  assert.deepEqual(framesOf(Buffer.concat(parts)), ['x/eth0: a'])
  assert.equal(await read(Buffer.from('mtlscope: error: something is wrong'), 100, () => assert.fail()), false)
})

test('whatever comes, it ends without an error, and hands on whole blocks only', async () => {
  await fc.assert(fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), fc.integer({ min: 1, max: 50 }), async (junk, cut) => {
    await read(Buffer.concat([capture('x/eth0', ['a']), junk]), cut, (bytes) => assert.equal(bytes.length % 4, 0))
  }))
})
