import { Readable } from 'node:stream'
import type { FastifyInstance, FastifyReply } from 'fastify'
import { VERSION } from '../base/version.ts'
import type { JsonRecord, PacketInfo, PacketList } from '../model/api.ts'
import { formatAddress } from '../net/address.ts'
import { ACK, FIN, PSH, RST, SYN } from '../net/packet.ts'
import { PcapngWriter } from '../net/pcapng-writer.ts'
import { bodyBytes } from '../store/body-bytes.ts'
import { harEntry, harFrame } from '../store/har.ts'
import type { Hub } from './hub.ts'
import { idOf, recordOf } from './message-routes.ts'
import type { FoundFrame } from './packet-search.ts'
import { WantedPackets, findPackets } from './packet-search.ts'
import { badRequest, notFound } from './problem.ts'
import type { Query } from './query.ts'
import { selectionOf, whole } from './query.ts'

const MAX_IDS = 10_000
const BATCH = 500
/** Messages whose packets are looked for at once. */
const MAX_PACKET_MESSAGES = 100_000
const MAX_PACKETS = 2000
const DEFAULT_PACKETS = 200
const SHOWN_BYTES = 2048
const CHUNK_BYTES = 256 * 1024

export function addExportRoutes(app: FastifyInstance, hub: Hub): void {
  app.get<{ Querystring: Query }>('/export', async ({ query }, reply) => sendExport(hub, query, reply))
  app.get<{ Params: { id: string }, Querystring: Query }>('/messages/:id/packets', async ({ params, query }) => packetList(hub, idOf(params.id), whole(query, 'limit', 1, MAX_PACKETS) ?? DEFAULT_PACKETS))
  app.get<{ Params: { id: string, side: string } }>('/messages/:id/body/:side', async ({ params }, reply) => {
    const { side } = params
    if (side !== 'request' && side !== 'response') throw notFound('a body is that of request or response')
    const { record } = await recordOf(hub, idOf(params.id))
    const body = bodyBytes(record, side)
    if (body === undefined) throw notFound(`nothing was kept of a body of this ${side}`, 'bodies are kept up to --body-limit')
    // Never what the peer says it is: the browser shall not run or show it.
    return reply.type('application/octet-stream').header('content-disposition', `attachment; filename="message-${record.at.replace(/[^\dTZ]/g, '')}-${side}.bin"`)
      .header('x-mtlscope-truncated', String(body.truncated)).send(body.bytes)
  })
}

const TYPES = { har: 'application/json', jsonl: 'application/x-ndjson', pcapng: 'application/octet-stream' } as const

async function sendExport(hub: Hub, query: Query, reply: FastifyReply): Promise<FastifyReply> {
  const format = query.format as keyof typeof TYPES
  if (!Object.hasOwn(TYPES, format)) throw badRequest('format is one of har, pcapng, jsonl')
  if (format === 'pcapng' && !hub.hasPackets) throw notFound('no packets are kept')
  if (format === 'pcapng' && hub.cluster !== undefined) return sendFile(reply, format, hub.cluster.packetFile(query))
  const lines = await openLines(hub, query)
  const pieces = format === 'jsonl' ? jsonLines(lines) : format === 'har' ? harPieces(lines) : pcapngPieces(hub, lines)
  return sendFile(reply, format, pieces)
}

function sendFile(reply: FastifyReply, format: keyof typeof TYPES, pieces: AsyncIterable<string | Uint8Array>): FastifyReply {
  return reply.type(TYPES[format]).header('content-disposition', `attachment; filename="mtlscope-${Date.now()}.${format}"`).send(Readable.from(pieces, { objectMode: false, highWaterMark: CHUNK_BYTES }))
}

/** Records of the ids, or of the selection; an error of the filter comes before anything is sent. */
async function openLines(hub: Hub, query: Query): Promise<AsyncIterable<readonly string[]>> {
  const { ids } = query
  if (ids !== undefined) {
    const wanted = ids.split(',').map(Number)
    if (wanted.length > MAX_IDS || wanted.some((id) => !Number.isSafeInteger(id))) throw badRequest(`ids are numbers, at most ${MAX_IDS}`)
    return linesOfIds(hub, wanted)
  }
  const selection = selectionOf(query)
  const first = await hub.store.batch(selection, undefined, BATCH)
  return (async function* () {
    for (let batch = first; ; batch = await hub.store.batch(selection, batch.next, BATCH)) {
      yield batch.records.map((record) => record.line)
      if (batch.next === undefined) return
    }
  })()
}

async function* linesOfIds(hub: Hub, ids: readonly number[]): AsyncIterable<readonly string[]> {
  for (let i = 0; i < ids.length; i += BATCH) yield (await hub.store.records(ids.slice(i, i + BATCH))).map((record) => record.line)
}

async function* jsonLines(batches: AsyncIterable<readonly string[]>): AsyncIterable<string> {
  for await (const lines of batches) yield lines.map((line) => `${line}\n`).join('')
}

async function* harPieces(batches: AsyncIterable<readonly string[]>): AsyncIterable<string> {
  const { head, tail } = harFrame(VERSION)
  yield head
  let comma = ''
  for await (const lines of batches) {
    const entries = lines.map((line) => harEntry(JSON.parse(line) as JsonRecord)).filter((entry) => entry !== undefined).map((entry) => JSON.stringify(entry))
    if (entries.length === 0) continue
    yield comma + entries.join(',\n')
    comma = ',\n'
  }
  yield tail
}

async function* pcapngPieces(hub: Hub, batches: AsyncIterable<readonly string[]>): AsyncIterable<Uint8Array> {
  const wanted = new WantedPackets()
  let messages = 0
  for await (const lines of batches) {
    for (const line of lines) wanted.add(JSON.parse(line) as JsonRecord)
    if ((messages += lines.length) > MAX_PACKET_MESSAGES) break
  }
  const writer = new PcapngWriter(`mtlscope ${VERSION}`)
  yield writer.header()
  const interfaces = new Map<string, number>()
  const chunks: Uint8Array[] = []
  // Frames come faster than a browser takes them; they were filtered, and are few.
  await findPackets(hub.packetSources, wanted, (frame) => {
    const key = `${frame.linkType} ${frame.interfaceName ?? ''}`
    let id = interfaces.get(key)
    if (id === undefined) interfaces.set(key, id = writer.addInterface({ linkType: frame.linkType, ...(frame.interfaceName !== undefined && { name: frame.interfaceName }) }).id)
    writer.frame(id, frame.bytes, 0, frame.bytes.length, frame.wireBytes, frame.atMicros)
    if (writer.pendingBytes > CHUNK_BYTES) chunks.push(writer.take())
    return true
  })
  yield* chunks
  yield writer.take()
}

async function packetList(hub: Hub, id: number, limit: number): Promise<PacketList> {
  if (hub.cluster !== undefined) return await hub.cluster.packets(id, limit)
  if (hub.packetSources.length === 0) throw notFound('no packets are kept', 'they are kept of captures, and not of HAR files')
  const { record } = await recordOf(hub, id)
  const wanted = new WantedPackets()
  wanted.add(record)
  const packets: PacketInfo[] = []
  let more = false
  const notes = await findPackets(hub.packetSources, wanted, (frame) => {
    if (packets.length >= limit) {
      more = true
      return false
    }
    packets.push(packetInfo(frame, packets.length + 1, hub.options.kind === 'file'))
    return true
  })
  return { packets, more, notes: packets.length === 0 ? [...notes, 'its packets are gone, or were not captured'] : notes }
}

function packetInfo({ packet: p, bytes, wireBytes, atMicros, interfaceName, fileNumber, isTcp }: FoundFrame, number: number, hasFile: boolean): PacketInfo {
  return {
    number, ...(hasFile && { fileNumber }), atMicros, ...(interfaceName !== undefined && { interface: interfaceName }),
    from: { ip: formatAddress(p.version, p.src0, p.src1, p.src2, p.src3), port: p.srcPort }, to: { ip: formatAddress(p.version, p.dst0, p.dst1, p.dst2, p.dst3), port: p.dstPort },
    ...(isTcp && { flags: flagsText(p.flags), sequence: p.seq }), payloadBytes: p.payloadLength, wireBytes,
    base64: Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, SHOWN_BYTES)).toString('base64'),
  }
}

function flagsText(flags: number): string {
  return ([['SYN', SYN], ['FIN', FIN], ['RST', RST], ['ACK', ACK], ['PSH', PSH]] as const).filter(([, bit]) => (flags & bit) !== 0).map(([name]) => name).join(' ')
}
