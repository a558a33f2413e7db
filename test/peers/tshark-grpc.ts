import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { all, bytesOf, first, packetsOf } from './pdml.ts'
import type { Field } from './pdml.ts'

export type Json = string | number | boolean | null | Json[] | { [key: string]: Json }

export interface MessageView { readonly path: string, readonly bytes: number, readonly compressed: boolean, readonly value: Json }

/** What was said on one TCP connection: each direction's messages, and the statuses, in the order of their frames. */
export interface GrpcStream { readonly requests: MessageView[], readonly responses: MessageView[], readonly statuses: string[] }

/** tshark has no well-known types of its own. */
const WELL_KNOWN = ['Timestamp', 'Duration']
const DATA_FRAME = '0'

/** What tshark makes of the gRPC in a capture, by connection, with the types of a folder. Names and forms are made like ours. */
export function tsharkGrpc(path: string, protos: string, ports: { http2: number, http: number }): GrpcStream[] {
  const folder = mkdtempSync(join(tmpdir(), 'mtlscope-tshark-'))
  try {
    mkdirSync(join(folder, 'google/protobuf'), { recursive: true })
    for (const name of WELL_KNOWN) {
      writeFileSync(join(folder, `google/protobuf/${name.toLowerCase()}.proto`), `syntax = "proto3";\npackage google.protobuf;\nmessage ${name} { int64 seconds = 1; int32 nanos = 2; }\n`)
    }
    const paths = [folder, protos].flatMap((p) => ['-o', `uat:protobuf_search_paths:"${p}","TRUE"`])
    return streamsOf(packetsOf(path, 'grpc || http2.headers || http.response', [
      ...paths, '-o', 'protobuf.preload_protos:TRUE', '-o', 'protobuf.display_json_mapping:TRUE', '-o', 'protobuf.use_utc:TRUE',
      '-d', `tcp.port==${ports.http2},http2`, '-d', `tcp.port==${ports.http},http`,
    ]))
  } finally {
    rmSync(folder, { recursive: true })
  }
}

function streamsOf(packets: readonly Field[]): GrpcStream[] {
  const streams = new Map<string, GrpcStream>()
  for (const packet of packets) {
    const key = first(packet, 'tcp.stream')?.show ?? ''
    let stream = streams.get(key)
    if (stream === undefined) streams.set(key, stream = { requests: [], responses: [], statuses: [] })
    stream.statuses.push(...statusesIn(packet))
    packet.fields.forEach((grpc, i) => {
      if (grpc.name === 'grpc' && first(grpc, 'grpc.frame_type')?.show === DATA_FRAME) take(stream, grpc, packet.fields.slice(i + 1))
    })
  }
  return [...streams.values()]
}

function statusesIn(packet: Field): string[] {
  const http2 = all(packet, 'http2.header').filter((f) => first(f, 'http2.header.name')?.show === 'grpc-status').map((f) => first(f, 'http2.header.value')!.show)
  const http = all(packet, 'http.response.line').map((f) => bytesOf(f).toString('latin1'))
  const web = packet.fields.filter((f) => f.name === 'grpc' && f.label.includes('(Trailer)')).map((f) => bytesOf(first(f, 'grpc.message_data')).toString('latin1'))
  return [...http2, ...[...http, ...web].flatMap((lines) => /^grpc-status: ?(\d+)/m.exec(lines)?.[1] ?? [])]
}

/** `after`: the protocols that tshark lists behind it, of which those up to the next message belong to it. */
function take(stream: GrpcStream, grpc: Field, after: readonly Field[]): void {
  const [, path = '', direction] = /^GRPC(?:-Web(?:-Text)?)? Message: (\S+), (Request|Response)/.exec(grpc.label)!
  const next = after.findIndex((f) => f.name === 'grpc')
  const json = (next < 0 ? after : after.slice(0, next)).find((f) => f.name === 'protobuf_json')
  const text = (json?.fields ?? []).map((line) => line.show).join('\n')
  const message = {
    path,
    bytes: Number(first(grpc, 'grpc.message_length')!.show),
    compressed: first(grpc, 'grpc.compressed_flag')!.show === '1',
    value: text.trim() === '' ? null : likeOurs(JSON.parse(text) as Json),
  }
  stream[direction === 'Request' ? 'requests' : 'responses'].push(message)
}

/** tshark keeps the names of the .proto files, shows maps as lists of entries, and knows no form of a Duration. */
function likeOurs(value: Json): Json {
  if (Array.isArray(value)) return value.length > 0 && value.every(isEntry) ? Object.fromEntries(value.map((e) => [e.key, likeOurs(e.value!)])) : value.map(likeOurs)
  if (typeof value === 'string') return value.replace(/^(\d{4}-.*T.*\.\d\d)(?:Z|\+0000)$/, (_, time: string) => `${time}0Z`)
  if (typeof value !== 'object' || value === null) return value
  if ('seconds' in value) return `${String(value.seconds)}.${String(value.nanos).padStart(9, '0').replace(/000$/, '')}s`
  return Object.fromEntries(Object.entries(value).map(([key, v]) => [key.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase()), likeOurs(v)]))
}

function isEntry(value: Json): value is { key: string, value: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && Object.keys(value).join() === 'key,value'
}
