import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { need } from '../require.ts'
import { ensureNetns } from './enter.ts'

const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))
const permitted = ensureNetns()
const ETHERNET = 1
const FRAME_BYTES = 1000

/** A pcap file of frames that no dissector knows. */
function pcap(frames: number): Buffer {
  const header = Buffer.alloc(24)
  header.writeUInt32LE(0xa1b2c3d4, 0)
  header.writeUInt16LE(2, 4)
  header.writeUInt16LE(4, 6)
  header.writeUInt32LE(65535, 16)
  header.writeUInt32LE(ETHERNET, 20)
  const record = Buffer.alloc(16 + FRAME_BYTES)
  record.writeUInt32LE(FRAME_BYTES, 8)
  record.writeUInt32LE(FRAME_BYTES, 12)
  return Buffer.concat([header, ...Array.from({ length: frames }, () => record)])
}

/** Lengths of the blocks, each of which must end where it says (pcapng §3.1). */
function blockLengths(capture: Buffer): number[] {
  const lengths: number[] = []
  for (let at = 0; at < capture.length; at += lengths.at(-1)!) {
    const length = capture.readUInt32LE(at + 4)
    assert.equal(capture.readUInt32LE(at + length - 4), length)
    lengths.push(length)
  }
  return lengths
}

test('tap -w on a disk that fills up says so, and what is there is a whole capture', (t) => {
  if (!need(t, 'netns', permitted, 'the right to mount in a namespace')) return
  const place = mkdtempSync(join(tmpdir(), 'mtlscope-disk-'))
  t.after(() => rmSync(place, { recursive: true, force: true }))
  const script = `mount -t tmpfs -o size=256k,mode=700 tmpfs "$0" && { "$1" "$2" tap -r - -w "$0/out.pcapng"; echo "exit $?" >&2; base64 "$0/out.pcapng"; }`
  const { stdout, stderr } = spawnSync('unshare', ['-m', 'sh', '-c', script, place, process.execPath, MAIN], { input: pcap(500), encoding: 'utf8' })
  assert.match(stderr, /cannot write \S+out\.pcapng: ENOSPC\nmtlscope: hint: the disk is full[^]*exit 1\n/)
  const frames = blockLengths(Buffer.from(stdout, 'base64')).filter((length) => length > FRAME_BYTES)
  assert.ok(frames.length > 50, `${frames.length} frames`)
  assert.ok(frames.length < 300, `${frames.length} frames`)
})
