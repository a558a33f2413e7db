import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CaptureMerge } from './capture-merge.ts'
import { FrameBlocks } from './frame-blocks.ts'

const ETHERNET = 1
const RAW = 101

function blocksOf(parts: Uint8Array[]): { type: number, id: number }[] {
  const bytes = Buffer.concat(parts)
  const out = []
  for (let at = 0; at < bytes.length; at += bytes.readUInt32LE(at + 4)) {
    out.push({ type: bytes.readUInt32LE(at), id: bytes.readUInt32LE(at + 8) })
  }
  return out
}

function add(w: FrameBlocks, source: number, name: string, linkType = ETHERNET): void {
  w.frame(source, name, new Uint8Array(60), 0, 60, 60, 1_000_000, linkType)
}

test('the same namespace seen by two threads is one interface', () => {
  const [a, b, merge] = [new FrameBlocks(), new FrameBlocks(), new CaptureMerge()]
  add(a, 1, 'web')
  add(b, 2, 'cart')
  add(b, 1, 'web')
  const out = blocksOf([...merge.blocks(0, a.take()), ...merge.blocks(1, b.take())])
  assert.deepEqual(out.map((o) => o.type), [1, 6, 1, 6, 6])
  assert.deepEqual(out.filter((o) => o.type === 6).map((o) => o.id), [0, 1, 0])
})

test('two link types in one namespace are two interfaces, and later batches keep their numbers', () => {
  const [a, merge] = [new FrameBlocks(), new CaptureMerge()]
  add(a, 1, 'web')
  add(a, 1, 'web', RAW)
  merge.blocks(0, a.take())
  add(a, 1, 'web', RAW)
  add(a, 1, 'web')
  assert.deepEqual(blocksOf(merge.blocks(0, a.take())).map((o) => o.id), [1, 0])
})
