import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'node:test'
import type { TestContext } from 'node:test'
import type { CaptureInfo, MessagesPage } from '../../src/model/api.ts'
import { MAIN, shell } from './transcript.ts'

const CAPTURES = 'test/fixtures/captures/'
/** Longer than any of it takes on a busy machine. */
const LONGEST_MS = 60_000

interface Viewer { readonly address: string, readonly temporary: string, said(): string, end(): Promise<number | null> }

async function view(t: TestContext, ...args: string[]): Promise<Viewer> {
  const place = mkdtempSync(join(tmpdir(), 'mtlscope-test-view-'))
  t.after(() => rmSync(place, { recursive: true, force: true }))
  const temporary = join(place, 'tmp')
  mkdirSync(temporary)
  const child = spawn(process.execPath, ['--no-warnings', MAIN, 'view', '--port', '0', '--no-open', ...args], { stdio: ['ignore', 'ignore', 'pipe'], env: { ...process.env, TMPDIR: temporary } })
  const exited = new Promise<number | null>((resolve) => { child.on('close', resolve) })
  t.after(() => child.kill('SIGKILL'))
  let said = ''
  const address = await new Promise<string>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`no address: ${said}`)), LONGEST_MS)
    child.stderr.on('data', (text: Buffer) => {
      said += text.toString()
      const found = /viewer (http\S+)/.exec(said)?.[1]
      if (found !== undefined) resolve(found)
    })
    void exited.then(() => reject(new Error(`ended: ${said}`))).finally(() => clearTimeout(timer))
  })
  return { address, temporary, said: () => said, end: () => { child.kill('SIGINT'); return exited } }
}

/** Asks until all files are read. */
async function whole(address: string): Promise<CaptureInfo> {
  for (const endMs = Date.now() + LONGEST_MS; Date.now() < endMs;) {
    const info = await (await fetch(new URL('/api/v1/capture', address))).json() as CaptureInfo
    if (info.files.every((file) => !file.reading)) return info
    await new Promise((resolve) => { setTimeout(resolve, 50) })
  }
  throw new Error('the files are still being read')
}

test('view shows captures side by side, opens with a filter, and leaves nothing behind', async (t) => {
  const viewer = await view(t, '--filter', 'http && status_code == 200', `${CAPTURES}http1-nginx.pcapng`, `${CAPTURES}redis-types.pcap`)
  assert.match(viewer.address, /^http:\/\/127\.0\.0\.1:\d+\/\?q=http%20%26%26%20status_code%20%3D%3D%20200$/)
  const info = await whole(viewer.address)
  assert.deepEqual(info.files.map(({ name }) => name), ['http1-nginx.pcapng', 'redis-types.pcap'])
  const page = await (await fetch(new URL('/api/v1/messages?q=redis', viewer.address))).json() as MessagesPage
  assert.ok(page.rows.length > 5)
  assert.equal(readdirSync(viewer.temporary).length, 1)
  assert.equal(await viewer.end(), 0)
  assert.deepEqual(readdirSync(viewer.temporary), [])
})

test('a broken capture and a HAR with wrong fields give clear words, and the rest works', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'mtlscope-test-har-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  writeFileSync(join(folder, 'a.har'), JSON.stringify({ log: { entries: [{}, { startedDateTime: '2026-11-21T10:00:00Z', request: { method: 'GET', url: 'https://shop.example/cart' }, response: { status: 200 } }] } }))
  writeFileSync(join(folder, 'broken.pcap'), 'this is no capture')
  const viewer = await view(t, join(folder, 'broken.pcap'), join(folder, 'a.har'), join(folder, 'missing.pcap'))
  const info = await whole(viewer.address)
  assert.deepEqual(info.files.map(({ problem }) => problem !== undefined), [true, false, true])
  assert.equal(info.stored, 1)
  assert.equal(await viewer.end(), 0)
  assert.match(viewer.said(), /error: .*broken\.pcap/)
  assert.match(viewer.said(), /warning: .*a\.har: entry 1: it has no request/)
})

test('where none of the files can be looked at it ends, without a viewer where none is there', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'mtlscope-test-none-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  writeFileSync(join(folder, 'broken.pcap'), 'this is no capture')
  const missing = await shell('mtlscope view --port 0 --no-open missing.pcap .', folder)
  assert.deepEqual([missing.status, missing.stderr], [1, 'mtlscope: error: cannot read missing.pcap: there is no such file\nmtlscope: error: . is not a capture: it is a directory\nmtlscope: hint: name a file in it\n'])
  const unread = await shell('mtlscope view --port 0 --no-open broken.pcap missing.pcap', folder)
  assert.equal(unread.status, 1)
  assert.match(unread.stderr, /viewer http.*\n[^]*error: .*broken\.pcap is not a capture/)
})

test('a store that is kept is shown again', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'mtlscope-test-kept-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const first = await view(t, '--store', folder, `${CAPTURES}http1-nginx.pcapng`)
  const { stored } = await whole(first.address)
  await first.end()
  const second = await view(t, '--store', folder)
  assert.equal((await whole(second.address)).stored, stored)
  await second.end()
})
