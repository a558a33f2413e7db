import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { need } from '../../test/require.ts'
import type { Side } from '../model/side.ts'
import { parseCapture } from './capture-parser.ts'
import { Decoder } from './decode.ts'
import { FlowNode, FlowTable } from './flow-table.ts'
import { Packet, SYN, TCP, UDP, UNKNOWN_LINK } from './packet.ts'
import type { StreamSink } from './reassembly.ts'
import { ReassemblyBudget, TcpConnection, senderOfFirst } from './reassembly.ts'

/** Captures of other projects' test suites, beside the repository. tshark is the judge; all of them are joined into one file for it. */
const FOLDER = fileURLToPath(new URL('../../../shared/captures/', import.meta.url))

/** Where we differ from tshark on purpose: how many packets, and why. */
const DIFFERENCES: Record<string, [packets: number, why: string]> = {
  'arkime/ipv6-gtp6.pcap': [1, 'GTP is not followed'],
  'nDPI/dtls.pcap': [4, 'GTP is not followed'],
  'suricata-verify/vxlan-arp.pcap': [2, 'ARP in VXLAN is no UDP packet for us'],
  'gopacket/linux_sll_oversized_addr.pcapng': [2, 'damaged TCP headers still count as TCP in tshark'],
  'zeek/dns-edns-ecs-bad.pcap': [1, 'a UDP length beyond a sliced frame: tshark shows the claim, we what is there'],
}

const MAX_STREAMS_A_FILE = 4

interface Frame { kind: number, payloadBytes: number }
interface Row extends Frame { stream: number }
interface File { name: string, frames: Frame[], stream0: number }

async function run(program: string, ...args: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(program, args, { maxBuffer: 1 << 27 })
  return stdout
}

async function hasPrograms(): Promise<boolean> {
  return Promise.all([run('tshark', '--version'), run('mergecap', '--version')]).then(() => true, () => false)
}

/** Calls back for each frame with its kind; false when the file is broken or of a link type that we do not know. */
async function decodeFile(name: string, each: (kind: number, packet: Packet, atMicros: number) => void): Promise<boolean> {
  const decoder = new Decoder()
  const packet = new Packet()
  let isKnown = true
  const { failure } = parseCapture(await readFile(join(FOLDER, name)), {
    interface() {},
    frame(buf, offset, captured, wire, atMicros, linkType) {
      const kind = decoder.decode(buf, offset, captured, wire, linkType, atMicros, packet)
      if (kind === UNKNOWN_LINK) isKnown = false
      each(kind, packet, atMicros)
    },
  })
  return failure === undefined && isKnown
}

async function decodeAll(): Promise<File[]> {
  const files: File[] = []
  const names = (await readdir(FOLDER, { recursive: true })).filter((name) => /\.pcap(ng)?$/.test(name)).toSorted()
  for (const name of names) {
    const frames: Frame[] = []
    const isGood = await decodeFile(name, (kind, packet) => {
      const isFollowed = kind === TCP || kind === UDP
      frames.push(isFollowed ? { kind, payloadBytes: packet.payloadLength + packet.payloadMissing } : { kind: 0, payloadBytes: 0 })
    })
    if (isGood) files.push({ name, frames, stream0: -1 })
  }
  return files
}

/** What tshark finds innermost in each frame; what an ICMP error quotes does not count. */
function parseRow(line: string): Row {
  const [protocols = '', tcpLength = '', udpLength = '', stream = ''] = line.split('\t')
  const names = protocols.replace(/:icmp(v6)?\b.*/, '').split(':')
  const kind = names.reduce((found, name) => name === 'tcp' ? TCP : name === 'udp' ? UDP : found, 0)
  const payloadBytes = kind === TCP ? Number(tcpLength.split(',').at(-1)) : kind === UDP ? Number(udpLength.split(',').at(-1)) - 8 : 0
  return { kind, payloadBytes, stream: Number(stream.split(',').at(-1) || -1) }
}

class Flow extends FlowNode implements StreamSink {
  readonly tcp: TcpConnection
  readonly stream: number
  readonly bytes: [number, number] = [0, 0]
  gaps = 0

  constructor(budget: ReassemblyBudget, stream: number) {
    super()
    this.stream = stream
    this.tcp = new TcpConnection(this, budget)
  }

  data(side: Side, _buf: Uint8Array, from: number, to: number): void {
    this.bytes[side] += to - from
  }

  gap(): void {
    this.gaps++
  }

  end(): void {}
  anomaly(): void {}
}

/** Every connection of a file, with the number that tshark gives it. */
async function reassembleFile(name: string, rows: Row[]): Promise<Flow[]> {
  const budget = new ReassemblyBudget()
  const table = new FlowTable<Flow>()
  const flows: Flow[] = []
  let index = 0
  await decodeFile(name, (kind, packet, atMicros) => {
    const row = rows[index++]
    if (kind !== TCP || row === undefined) return
    let flow = table.find(packet, 6, 0)
    if (flow !== undefined && (packet.flags & SYN) !== 0 && flow.tcp.isReusedBy(packet, table.side)) {
      table.remove(flow)
      flow = undefined
    }
    if (flow === undefined) {
      flow = new Flow(budget, row.stream)
      flows.push(flow)
      const sender = senderOfFirst(packet)
      table.add(flow, packet, 6, 0, sender)
      table.side = sender
    }
    flow.tcp.segment(table.side, packet, atMicros)
  })
  for (const flow of flows) flow.tcp.close(0)
  return flows
}

/** Bytes of each side of each stream, from `follow,tcp,raw`: one side's lines are indented. */
function parseFollowed(out: string): Map<number, [number, number]> {
  const followed = new Map<number, [number, number]>()
  for (const section of out.split('Filter: tcp.stream eq ').slice(1)) {
    const bytes: [number, number] = [0, 0]
    for (const [, indent, hex] of section.slice(section.indexOf('\n')).matchAll(/^(\t?)((?:[0-9a-f]{2})+)$/gm)) bytes[indent === '' ? 0 : 1] += hex!.length / 2
    followed.set(Number.parseInt(section, 10), bytes)
  }
  return followed
}

async function withMerged(t: TestContext, body: (files: File[], rows: Row[], merged: string) => Promise<void>): Promise<void> {
  if (!need(t, 'captures', existsSync(FOLDER), 'the folder ../shared/captures')) return
  if (!need(t, 'captures', await hasPrograms(), 'tshark and mergecap')) return
  const folder = await mkdtemp(join(tmpdir(), 'mtlscope-captures-'))
  try {
    const files = await decodeAll()
    const merged = join(folder, 'all.pcapng')
    await run('mergecap', '-a', '-w', merged, ...files.map(({ name }) => join(FOLDER, name)))
    const out = await run('tshark', '-r', merged, '-T', 'fields', '-e', 'frame.protocols', '-e', 'tcp.len', '-e', 'udp.length', '-e', 'tcp.stream')
    await body(files, out.trimEnd().split('\n').map(parseRow), merged)
  } finally {
    await rm(folder, { recursive: true })
  }
}

test('packets and streams of real captures are what tshark says', async (t) => {
  await withMerged(t, async (files, rows, merged) => {
    assert.ok(files.length > 150 && rows.length > 3000)
    await t.test('every packet: kind and payload size', () => comparePackets(files, rows))
    await t.test('streams without gaps: bytes of each side', () => compareStreams(files, rows, merged))
  })
})

function comparePackets(files: File[], rows: Row[]): void {
  let at = 0
  for (const { name, frames } of files) {
    const theirs = rows.slice(at, at + frames.length)
    at += frames.length
    const differing = frames.flatMap((ours, i) => ours.kind === theirs[i]!.kind && ours.payloadBytes === theirs[i]!.payloadBytes ? [] : [i + 1])
    assert.equal(differing.length, DIFFERENCES[name]?.[0] ?? 0, `${name}: packets ${differing.join(' ')}`)
  }
  assert.equal(at, rows.length)
}

async function compareStreams(files: File[], rows: Row[], merged: string): Promise<void> {
  const flows: Flow[] = []
  let at = 0
  for (const { name, frames } of files) {
    const ofFile = await reassembleFile(name, rows.slice(at, at + frames.length))
    at += frames.length
    if (DIFFERENCES[name] === undefined) flows.push(...ofFile.filter(({ gaps, bytes }) => gaps === 0 && bytes[0] + bytes[1] > 0).slice(0, MAX_STREAMS_A_FILE))
  }
  const followed = parseFollowed(await run('tshark', '-r', merged, '-q', ...flows.flatMap(({ stream }) => ['-z', `follow,tcp,raw,${stream}`])))
  assert.ok(flows.length > 100)
  for (const { stream, bytes } of flows) {
    // sorted: of a stream joined late the two programs may see the sides the other way round
    const theirs = followed.get(stream)?.toSorted((a, b) => a - b)
    assert.deepEqual(bytes.toSorted((a, b) => a - b), theirs, `stream ${stream} of the joined captures`)
  }
}
