import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { DEFAULT_SETTINGS } from '../src/protocols/protocol.ts'
import { tapFile } from '../src/tap/offline.ts'
import type { Bench, BenchContext, Row } from './contract.ts'
import { writeRepeatedPcap } from './gen/repeated-pcap.ts'
import type { Loop } from './gen/steady-pcap.ts'
import { turnsFor, writeSteadyPcap } from './gen/steady-pcap.ts'
import type { TlsStream } from './gen/tls-stream-pcap.ts'
import { writeTlsStream } from './gen/tls-stream-pcap.ts'
import { cpuMs, measure } from './measure.ts'

/** Which parts to run, for whoever works on one: BENCH_PARTS=redis,decrypted,decoders. */
const PARTS = process.env.BENCH_PARTS?.split(',')
const ROUNDS = 3
/** A capture of seconds, most of which is start and just-in-time compiler, and one of minutes. */
const SIZES = [
  { name: '100,000 messages', messages: 100_000, formats: ['compact', 'json'] },
  { name: '300,000 messages', messages: 300_000, formats: ['compact'] },
] as const
/** All takes about 22 minutes of CPU. On a machine that is busy with other things the rest is left out after so long, the large sizes first, and named. */
const MAX_MINUTES = 40
const MAX_FILE_BYTES = 320 * 1024 * 1024
/** Copies have addresses of their own, in two bytes. */
const MAX_COPIES = 60_000
const FACTOR = 10
const ROOT = fileURLToPath(new URL('../', import.meta.url))
const PROGRAM = join(ROOT, 'dist/cli/main.js')

interface Case {
  readonly protocol: string
  /** What is said again and again on connections that stay open; of test/fixtures/captures, made from real peers. */
  readonly loop?: Loop
  /** Or captures of whole short connections, again and again with other addresses. */
  readonly captures?: readonly string[]
  /** Of the server, so that tshark knows the protocol by it. */
  readonly port: number
  /** What tshark is asked; a list of a few fields. */
  readonly filter: string
  readonly fields: readonly string[]
}

const CAPTURES = join(ROOT, 'test/fixtures/captures/')
const loop = (capture: string, connection: Loop['connection'], from: number, to: number, streams?: number): Loop => ({ capture: `${CAPTURES}${capture}`, connection, from, to, streams })

const CASES: readonly Case[] = [
  { protocol: 'http2', loop: loop('http2-h2load.pcap', 0, 3, 5, 8), port: 8080, filter: 'http2', fields: ['http2.streamid', 'http2.headers.path', 'http2.headers.status'] },
  { protocol: 'grpc', loop: loop('grpc-unary.pcap', 0, 3, 8, 2), port: 50051, filter: 'grpc', fields: ['http2.streamid', 'http2.headers.path', 'grpc.message_length'] },
  { protocol: 'websocket', loop: loop('websocket-plain.pcap', 0, 2, 10), port: 8080, filter: 'websocket', fields: ['websocket.opcode', 'websocket.payload_length'] },
  { protocol: 'graphql', loop: loop('graphql-node.pcap', 0, 0, 12), port: 8080, filter: 'http', fields: ['http.request.uri', 'http.response.code', 'http.file_data'] },
  { protocol: 'redis', loop: loop('redis-types.pcap', 'all', 0, 999), port: 6379, filter: 'resp', fields: ['resp.bulk_string.value', 'resp.string', 'resp.error'] },
  { protocol: 'kafka', loop: loop('kafka-produce.pcap', 1, 2, 4), port: 9092, filter: 'kafka', fields: ['kafka.api_key', 'kafka.correlation_id', 'kafka.topic_name'] },
  { protocol: 'amqp', loop: loop('amqp-basics.pcap', 0, 15, 23), port: 5672, filter: 'amqp', fields: ['amqp.channel', 'amqp.method.class', 'amqp.method.method'] },
  { protocol: 'postgres', loop: loop('postgres-pgbench.pcap', 5, 12, 16), port: 5432, filter: 'pgsql', fields: ['pgsql.type', 'pgsql.query', 'pgsql.tag'] },
  { protocol: 'mysql', loop: loop('mysql-mariadb.pcap', 0, 3, 17), port: 3306, filter: 'mysql', fields: ['mysql.command', 'mysql.query', 'mysql.error_code'] },
  { protocol: 'mongodb', loop: loop('mongodb-plain.pcap', 1, 4, 16), port: 27017, filter: 'mongo', fields: ['mongo.opcode', 'mongo.request_id', 'mongo.element.name'] },
  { protocol: 'memcached', loop: loop('memcached-text.pcap', 0, 0, 24), port: 11211, filter: 'memcache', fields: ['memcache.command', 'memcache.key', 'memcache.response'] },
  { protocol: 'dns', captures: ['dns-records.pcap', 'dns-dnsmasq.pcap'], port: 53, filter: 'dns', fields: ['dns.qry.name', 'dns.qry.type', 'dns.flags.rcode'] },
  { protocol: 'tls', captures: ['tls13.pcap', 'tls12.pcap'], port: 443, filter: 'tls.handshake', fields: ['tls.handshake.type', 'tls.handshake.extensions_server_name', 'tls.handshake.ciphersuite'] },
]

const SUITES = [['AES-128-GCM', 'TLS_AES_128_GCM_SHA256'], ['ChaCha20-Poly1305', 'TLS_CHACHA20_POLY1305_SHA256'], ['AES-128-CBC', 'ECDHE-RSA-AES128-SHA256']] as const
/** Again a capture of seconds, most of which is start and compiler, and a longer one. */
const SHAPES = [
  { name: 'records of 200 bytes', connections: 8, requests: 10_000, answerBytes: 200 },
  { name: 'records of 16 KiB, 100 MB', connections: 4, requests: 100, answerBytes: 256 * 1024 },
  { name: 'records of 16 KiB, 400 MB', connections: 4, requests: 400, answerBytes: 256 * 1024 },
  { name: 'records of 200 bytes, 320,000 requests', connections: 8, requests: 40_000, answerBytes: 200 },
] as const
/** HTTP within TLS, with a key log: a request and its answer are a record each, or the answer is seventeen of 16 KiB. */
const STREAMS: readonly { readonly name: string, readonly stream: TlsStream }[] = SHAPES.flatMap(({ name, ...shape }) => {
  return SUITES.map(([cipher, suite]) => ({ name: `decrypted, ${cipher}, ${name}`, stream: { suite, ...shape } }))
})

async function messagesOf(path: string, protocol: string): Promise<number> {
  let count = 0
  await tapFile(path, { settings: DEFAULT_SETTINGS }, { message: (_flow, m) => { if (m.protocol === protocol) count++ } }, () => {})
  return count
}

function write({ loop: again, captures, port }: Case, turns: number, file: string): Promise<{ sizeBytes: number }> {
  return again === undefined ? writeRepeatedPcap(captures!.map((name) => CAPTURES + name), turns, file) : writeSteadyPcap(again, port, turnsFor(turns), file)
}

/** A file of about as many messages, from what a small one has. */
async function makeFile(one: Case, wanted: number, file: string): Promise<{ messages: number, sizeBytes: number }> {
  const few = 1024
  const { sizeBytes } = await write(one, few, file)
  const inFew = await messagesOf(file, one.protocol)
  if (inFew === 0) throw new Error(`no ${one.protocol} in its captures`)
  const turns = Math.min(one.loop === undefined ? MAX_COPIES : Infinity, Math.ceil(few * Math.min(wanted / inFew, MAX_FILE_BYTES / sizeBytes)))
  const made = await write(one, turns, file)
  return { messages: await messagesOf(file, one.protocol), sizeBytes: made.sizeBytes }
}

/** A row without a peer would look reached or missed for no reason. */
async function cpuOf(program: string, args: string[]): Promise<number> {
  const usage = await measure(program, args)
  if (usage.code !== 0) throw new Error(`${program} ${args.join(' ')} ended with code ${usage.code}`)
  return cpuMs(usage) * 1000
}

/** Of one size of one protocol: CPU of whole processes, by message, `-o compact` first. */
interface Sized { readonly protocol: string, readonly messages: number, readonly ours: readonly number[], readonly tshark: readonly number[] }

async function rowsOf(one: Case, size: typeof SIZES[number], context: BenchContext, sized: Sized[]): Promise<Row[]> {
  context.progress(`${one.protocol}: writing ${size.name}`)
  const file = join(context.folder, `${one.protocol}.pcap`)
  const { messages, sizeBytes } = await makeFile(one, size.messages, file)
  const samples = size.formats.map((): number[] => [])
  const tshark: number[] = []
  for (let round = 1; round <= ROUNDS; round++) {
    context.progress(`${one.protocol}, ${size.name}: round ${round} of ${ROUNDS}`)
    for (const [i, format] of size.formats.entries()) samples[i]!.push(await cpuOf(process.execPath, [PROGRAM, 'tap', '-r', file, '-o', format]) / messages)
    if (round === 1) tshark.push(await cpuOf('tshark', tsharkOptions(file, one)) / messages)
  }
  rmSync(file)
  sized.push({ protocol: one.protocol, messages, ours: samples[0]!, tshark })
  return size.formats.map((format, i): Row => ({
    metric: `${one.protocol}, -o ${format}, ${size.name}`, unit: 'µs a message', samples: samples[i]!, peers: [{ name: 'tshark', samples: tshark }],
    goal: { timesLessThan: 'tshark', factor: FACTOR }, note: `${messages} messages, ${Math.round(sizeBytes / 1e6)} MB`,
  }))
}

/** What each message costs that the longer capture has more than the shorter: neither program's start is in it. */
function furtherRows(sized: readonly Sized[]): Row[] {
  return sized.flatMap((long): Row[] => {
    const short = sized.find(({ protocol, messages }) => protocol === long.protocol && messages < long.messages / 2)
    if (short === undefined) return []
    const further = (ofLong: readonly number[], ofShort: readonly number[]): number[] => ofLong.map((each, i) => (each * long.messages - ofShort[i]! * short.messages) / (long.messages - short.messages))
    return [{
      metric: `${long.protocol}, -o compact, each message more`, unit: 'µs a message', samples: further(long.ours, short.ours), peers: [{ name: 'tshark', samples: further(long.tshark, short.tshark) }],
      goal: { timesLessThan: 'tshark', factor: FACTOR }, note: `${short.messages} to ${long.messages} messages, the start of both programs excluded`,
    }]
  })
}

/** HTTP exchanges read out of TLS. */
async function decryptedRow({ name, stream }: typeof STREAMS[number], context: BenchContext): Promise<Row> {
  context.progress(`${name}: writing`)
  const [file, keys] = [join(context.folder, 'tls.pcap'), join(context.folder, 'tls.keys')]
  const { sizeBytes } = await writeTlsStream(stream, file, keys)
  const messages = stream.connections * stream.requests
  const samples: number[] = []
  const tshark: number[] = []
  for (let round = 1; round <= ROUNDS; round++) {
    context.progress(`${name}: round ${round} of ${ROUNDS}`)
    samples.push(await cpuOf(process.execPath, [PROGRAM, 'tap', '-r', file, '--keylog', keys, '-o', 'compact']) / messages)
    if (round === 1) tshark.push(await cpuOf('tshark', ['-n', '-r', file, '-o', `tls.keylog_file:${keys}`, '-Y', 'http', '-T', 'fields', '-e', 'frame.time_epoch', '-e', 'http.request.uri', '-e', 'http.response.code']) / messages)
  }
  rmSync(file)
  return {
    metric: name, unit: 'µs a message', samples, peers: [{ name: 'tshark', samples: tshark }],
    goal: { timesLessThan: 'tshark', factor: FACTOR }, note: `${messages} requests with their answers, ${Math.round(sizeBytes / 1e6)} MB`,
  }
}

function tsharkOptions(file: string, { filter, fields, port }: Case): string[] {
  const decodeAs = filter === 'http2' || filter === 'grpc' ? ['-d', `tcp.port==${port},http2`] : []
  return ['-n', '-r', file, ...decodeAs, '-Y', filter, '-T', 'fields', '-e', 'frame.time_epoch', ...fields.flatMap((field) => ['-e', field])]
}

/** Speeds that a loop of bench/micro prints. */
async function decoderRows(script: string, pattern: RegExp): Promise<Row[]> {
  const { stdout, code } = await measure(process.execPath, [join(ROOT, 'bench/micro', script)], { keepOutput: true })
  const rows = [...stdout.matchAll(pattern)].map(([, name, speed]): Row => ({ metric: name!.trim(), unit: 'MB/s', samples: [Number(speed)], goal: { atLeast: 200 } }))
  if (code !== 0 || rows.length === 0) throw new Error(`bench/micro/${script} said nothing`)
  return rows
}

function isWanted(part: string): boolean {
  return PARTS?.includes(part) ?? true
}

async function run(context: BenchContext): Promise<Row[]> {
  const rows: Row[] = []
  const endMs = performance.now() + MAX_MINUTES * 60_000
  const leftOut: string[] = []
  const sized: Sized[] = []
  for (const size of SIZES) {
    for (const one of CASES.filter(({ protocol }) => isWanted(protocol))) {
      if (performance.now() > endMs) leftOut.push(`${one.protocol} (${size.name})`)
      else rows.push(...await rowsOf(one, size, context, sized))
    }
  }
  rows.push(...furtherRows(sized))
  for (const one of isWanted('decrypted') ? STREAMS : []) {
    if (performance.now() > endMs) leftOut.push(one.name)
    else rows.push(await decryptedRow(one, context))
  }
  if (leftOut.length > 0) console.error(`protocols: after ${MAX_MINUTES} minutes ${leftOut.join(', ')} were left out`)
  if (!isWanted('decoders')) return rows
  context.progress('decoders')
  rows.push(...(await decoderRows('hpack.ts', /^(.+?) +\d+ MB\/s in +(\d+) MB\/s out/gm)).map((row) => ({ ...row, metric: `HPACK, ${row.metric}` })))
  rows.push(...(await decoderRows('kafka.ts', /^(records of +\d+ bytes, \w+): +(\d+) MB\/s of records/gm)).map((row) => ({ ...row, metric: `Kafka ${row.metric.replace(/ +/g, ' ')}` })))
  return rows
}

export const bench: Bench = {
  name: 'protocols',
  claim: 'each protocol costs at least ten times less CPU a message than with tshark; header blocks and Kafka records are decoded at 200 MB/s a core',
  run,
}
