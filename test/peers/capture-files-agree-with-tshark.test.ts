import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { parseCapture } from '../../src/net/capture-parser.ts'
import { PcapngWriter } from '../../src/net/pcapng-writer.ts'
import { SeededRandom } from '../../bench/gen/seeded-random.ts'
import { writeHttp1Pcap } from '../../bench/gen/http1-pcap.ts'
import { Seen, joinBytes } from '../capture-bytes.ts'
import { need } from '../require.ts'

const CAPTURES = fileURLToPath(new URL('../../../shared/captures', import.meta.url))
const dir = mkdtempSync(join(tmpdir(), 'mtlscope-captures-'))
after(() => rmSync(dir, { recursive: true }))

const captures = existsSync(CAPTURES)
  ? readdirSync(CAPTURES, { recursive: true, encoding: 'utf8' }).filter((f) => /\.pcap(ng)?$/.test(f)).toSorted()
  : []
const hasTshark = ['capinfos', 'tshark', 'editcap'].every((program) => spawnSync(program, ['--version']).error === undefined)

/** Format, frames, first and last time (text with the digits of the file) as capinfos sees them; files that it finds broken are left out. */
function capinfos(files: readonly string[]): Map<string, string[]> {
  const { stdout } = spawnSync('capinfos', ['-TmQ', '-S', '-t', '-c', '-a', '-e', ...files], { encoding: 'utf8', cwd: CAPTURES })
  const rows = stdout.split('\n').slice(1).filter(Boolean).map((line) => line.split(',').map((cell) => cell.replaceAll('"', '')))
  return new Map(rows.map(([name = '', ...rest]) => [name, rest]))
}

/** `1700000000.123456789` in whole microseconds. */
function micros(seconds: string): number {
  const [whole = '0', fraction = ''] = seconds.split('.')
  return Number(whole) * 1e6 + Number(fraction.slice(0, 6).padEnd(6, '0'))
}

test('captures of other projects: frames, first and last time are those of capinfos', (t) => {
  if (!need(t, 'captures', captures.length > 0, 'the folder ../shared/captures')) return
  if (!need(t, 'peers', hasTshark, 'tshark')) return
  const known = capinfos(captures)
  assert.ok(known.size > 200)
  for (const name of captures) {
    const peer = known.get(name)
    const seen = new Seen()
    const { format, frames, failure } = parseCapture(readFileSync(join(CAPTURES, name)), seen)
    if (peer === undefined) {
      assert.equal(failure?.code, 'capture-malformed', name)
      assert.equal(frames, tsharkFrames(join(CAPTURES, name)).length, name)
      continue
    }
    assert.equal(failure, undefined, name)
    const times = seen.frames.map((f) => f.atMicros)
    const found = [format, frames, Math.min(...times), Math.max(...times)]
    const [peerFormat = '', peerFrames, first = '', last = ''] = peer
    assert.deepEqual(found, [peerFormat.replace('nsecpcap', 'pcap'), Number(peerFrames), micros(first), micros(last)], name)
  }
})

function tsharkFrames(path: string, ...options: string[]): string[][] {
  const { stdout } = spawnSync('tshark', ['-n', '-r', path, '-T', 'fields', '-e', 'frame.time_epoch', '-e', 'frame.len', '-e', 'frame.cap_len',
    '-e', 'frame.interface_name', '-e', 'frame.comment', ...options], { encoding: 'utf8' })
  return stdout.split('\n').filter(Boolean).map((line) => line.split('\t'))
}

test('captures of other projects: damaged anywhere, they neither throw nor point outside', (t) => {
  if (!need(t, 'captures', captures.length > 0, 'the folder ../shared/captures')) return
  const random = new SeededRandom(7)
  for (const name of captures) {
    const whole = readFileSync(join(CAPTURES, name))
    for (let round = 0; round < 40; round++) {
      const bytes = whole.subarray(0, random.between(4, whole.length)).slice()
      for (let i = random.between(0, 4); i > 0; i--) bytes[random.between(4, bytes.length - 1)] = random.between(0, 255)
      const seen = new Seen()
      const { failure, frames } = parseCapture(bytes, seen)
      assert.equal(frames, seen.frames.length)
      assert.ok(seen.frames.every((f) => f.wire >= f.bytes.length && Number.isSafeInteger(f.atMicros) && f.atMicros >= 0), name)
      if (failure !== undefined) assert.ok(failure.atByte >= 0 && failure.atByte < bytes.length, name)
    }
  }
})

test('tshark reads what the writer makes: times, lengths, interfaces, comments, secrets', (t) => {
  if (!need(t, 'peers', hasTshark, 'tshark')) return
  const writer = new PcapngWriter('mtlscope 1.2.3')
  const header = writer.header()
  const interfaces = ['shop-web', 'shop-cart'].map((name) => writer.addInterface({ linkType: 1, name, description: `netns ${name}` }).id)
  writer.secrets(0x544c534b, Buffer.from('CLIENT_RANDOM aa bb\n'))
  const frame = new Uint8Array(100).fill(0xff)
  const written = Array.from({ length: 60 }, (_, i) => {
    const atMicros = 1_700_000_000_000_000 + i * 1_000_003
    writer.frame(interfaces[i % 2]!, frame, 0, 40 + i, 40 + i * 2, atMicros, i % 3 === 0 ? `note ${i}` : undefined)
    return [`${Math.floor(atMicros / 1e6)}.${String(atMicros % 1e6).padStart(6, '0')}000`, String(40 + i * 2), String(40 + i), ['shop-web', 'shop-cart'][i % 2], i % 3 === 0 ? `note ${i}` : '']
  })
  const path = join(dir, 'written.pcapng')
  writeFileSync(path, joinBytes(header, writer.take()))
  assert.deepEqual(tsharkFrames(path), written)
  assert.match(execFileSync('capinfos', [path], { encoding: 'utf8' }), /Capture application: *mtlscope 1\.2\.3/)
  assert.deepEqual(secretsAfterEditcap(path), ['CLIENT_RANDOM aa bb\n'])
  writeFileSync(join(dir, 'keys'), 'CLIENT_RANDOM cc dd\n')
  assert.deepEqual(secretsAfterEditcap(path, '--discard-all-secrets', '--inject-secrets', `tls,${join(dir, 'keys')}`), ['CLIENT_RANDOM cc dd\n'])
})

/** The key logs in what editcap copies of a capture. */
function secretsAfterEditcap(path: string, ...options: string[]): string[] {
  const copy = join(dir, 'copy.pcapng')
  execFileSync('editcap', [...options, path, copy], { stdio: 'ignore' })
  const seen = new Seen()
  parseCapture(readFileSync(copy), seen)
  return seen.kept.map(({ type, bytes }) => {
    assert.equal(type, 0x544c534b)
    return Buffer.from(bytes).toString()
  })
}

test('what editcap makes of a capture reads back the same', (t) => {
  if (!need(t, 'peers', hasTshark, 'tshark')) return
  const path = join(dir, 'source.pcap')
  writeHttp1Pcap({ requests: 20, connections: 2, seed: 3, path })
  const wanted = new Seen()
  parseCapture(readFileSync(path), wanted)
  for (const format of ['nsecpcap', 'modpcap', 'pcapng']) {
    const out = join(dir, `again.${format}`)
    execFileSync('editcap', ['-F', format, path, out], { stdio: 'ignore' })
    const seen = new Seen()
    assert.equal(parseCapture(readFileSync(out), seen).failure, undefined, format)
    assert.deepEqual(seen.frames, wanted.frames, format)
  }
})

test('the generated HTTP/1 capture holds what was asked for, and nothing that tshark dislikes', (t) => {
  if (!need(t, 'peers', hasTshark, 'tshark')) return
  const path = join(dir, 'generated.pcap')
  const { frames, sizeBytes } = writeHttp1Pcap({ requests: 700, connections: 9, seed: 5, path })
  const rows = execFileSync('tshark', ['-n', '-r', path, '-o', 'ip.check_checksum:TRUE', '-o', 'tcp.check_checksum:TRUE', '-T', 'fields',
    '-e', 'http.request.method', '-e', 'http.response.code', '-e', 'tcp.flags.fin', '-e', 'ip.checksum.status', '-e', 'tcp.checksum.status', '-e', 'tcp.analysis.flags',
  ], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).split('\n').slice(0, -1).map((line) => line.split('\t'))
  assert.equal(rows.length, frames)
  assert.equal(readFileSync(path).length, sizeBytes)
  assert.equal(rows.filter((r) => r[0] === 'GET' || r[0] === 'POST').length, 700)
  assert.equal(rows.filter((r) => r[1] === '200' || r[1] === '201').length, 700)
  assert.equal(rows.filter((r) => r[2] === '1').length, 18)
  assert.ok(rows.every((r) => r[3] === '1' && r[4] === '1' && r[5] === ''))
  const first = readFileSync(path)
  writeHttp1Pcap({ requests: 700, connections: 9, seed: 5, path })
  assert.equal(Buffer.compare(first, readFileSync(path)), 0)
})
