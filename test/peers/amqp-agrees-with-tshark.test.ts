import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { need } from '../require.ts'
import { CAPTURES, capturesAbout } from './capture-list.ts'
import { all, bytesOf, first, packetsOf, tsharkVersion } from './pdml.ts'
import type { Field } from './pdml.ts'
import { tapMessages } from './tap-messages.ts'

const FIXTURES = fileURLToPath(new URL('../fixtures/captures/', import.meta.url))

type Values = Record<string, unknown>
interface Half {
  method?: string, channel?: number, from?: 'client' | 'server', arguments?: Values, properties?: Values, body?: { text?: string, base64?: string }, bodyBytes?: number, heartbeats?: number
}

const CONTENT_HEADER = '2'
const BODY = '3'
const HEARTBEAT = '8'

/** Strings of arguments that tshark has as fields, and ours of the same meaning. */
const NAMES: Readonly<Record<string, string>> = {
  exchange: 'exchange', routingKey: 'routing_key', queue: 'queue', consumerTag: 'consumer_tag', deliveryTag: 'delivery_tag', replyCode: 'reply_code', virtualHost: 'virtual_host',
}

/** `Basic.Publish`, as in `Method: Publish (40)` and `Class: Basic (60)`. */
function theirMethod(proto: Field): string {
  const word = (name: string): string => /: ([\w-]+)/.exec(first(proto, name)?.label ?? '')?.[1] ?? ''
  return `${word('amqp.method.class')}.${word('amqp.method.method').replaceAll('-', '')}`
}

function theirLine(proto: Field): string {
  const values = Object.entries(NAMES).map(([ours, theirs]) => {
    const field = all(proto, `amqp.method.arguments.${theirs}`)[0]
    return field === undefined || field.show === '' ? '' : `${ours}=${field.show}`
  })
  return [first(proto, 'amqp.channel')!.show, theirMethod(proto), ...values.filter((text) => text !== '')].join(' ').toLowerCase()
}

function ourLine({ method, channel, arguments: values = {} }: Half): string {
  const named = Object.keys(NAMES).filter((name) => values[name] !== undefined && values[name] !== '').map((name) => `${name}=${String(values[name])}`)
  return [channel ?? 0, method, ...named].join(' ').toLowerCase()
}

/** What tshark calls differently. */
const PROPERTY_NAMES: Readonly<Record<string, string>> = { timestamp: 'timestampSeconds' }

/** `content_type`, as `contentType`. */
function ourName(name: string): string {
  const camel = name.replaceAll(/_(\w)/g, (_, letter: string) => letter.toUpperCase())
  return PROPERTY_NAMES[camel] ?? camel
}

/** `ratio (decimal): 0.500000`; an array and a table have no value, and fields below. */
const FIELD = /^(?<name>.*?) \((?<type>[\w ]+)\)(?:: (?<value>.*))?$/s

function theirFields(field: Field, path: string): string[] {
  const { name = '', type = '', value = '' } = FIELD.exec(field.label)?.groups ?? {}
  const here = `${path}.${name.replace(/^\[(\d+)\]$/, '$1')}`
  if (field.fields.length > 0) return field.fields.flatMap((inner) => theirFields(inner, here))
  const isNumber = /int|decimal|float|double/.test(type)
  return [`${here}=${type === 'void' ? 'null' : isNumber ? String(Number(value)) : value}`]
}

/** Properties of a content header, one line each, tables with the path to each value. */
function theirProperties(header: Field): string[] {
  return (first(header, 'amqp.header.properties')?.fields ?? []).flatMap((field) => {
    const name = ourName(field.name.slice('amqp.method.properties.'.length))
    if (name === 'headers') return field.fields.flatMap((inner) => theirFields(inner, name))
    return [`${name}=${name === 'timestampSeconds' ? String(Date.parse(field.show.replace(/\.\d+ UTC$/, ' UTC')) / 1000) : field.show}`]
  })
}

function ourFields(value: unknown, path: string): string[] {
  if (typeof value !== 'object' || value === null) return [`${path}=${String(value)}`]
  return Object.entries(value).flatMap(([name, inner]) => ourFields(inner, `${path}.${name}`))
}

function ourContent({ from, channel = 0, bodyBytes = 0, properties = {}, body }: Half): string {
  const bytes = Buffer.from(body?.text ?? body?.base64 ?? '', body?.text === undefined ? 'base64' : 'utf8')
  return contentLine(from!, channel, bodyBytes, Object.entries(properties).flatMap(([name, value]) => ourFields(value, name)), bytes)
}

function contentLine(from: string, channel: number, bodyBytes: number, properties: string[], body: Buffer): string {
  return [from, channel, bodyBytes, ...properties.toSorted(), body.toString('hex')].join(' ')
}

/** Frames of AMQP with who sent them. */
interface Sent { readonly from: 'client' | 'server', readonly stream: string, readonly frame: Field }

/** A content header with the bodies behind it on the same channel. */
function theirContents(sent: readonly Sent[]): string[] {
  const open = new Map<string, { from: string, channel: number, header: Field, bodies: Buffer[] }>()
  const contents: { from: string, channel: number, header: Field, bodies: Buffer[] }[] = []
  for (const { from, stream, frame } of sent) {
    const channel = Number(first(frame, 'amqp.channel')?.show ?? 0)
    const type = first(frame, 'amqp.type')?.show
    const key = `${stream} ${from} ${channel}`
    if (type === CONTENT_HEADER) {
      const content = { from, channel, header: frame, bodies: [] }
      open.set(key, content)
      contents.push(content)
    } else if (type === BODY) open.get(key)?.bodies.push(bytesOf(first(frame, 'amqp.payload')))
  }
  return contents.map(({ from, channel, header, bodies }) =>
    contentLine(from, channel, Number(first(header, 'amqp.header.body-size')!.show), theirProperties(header), Buffer.concat(bodies)))
}

function sentFrames(path: string): Sent[] {
  return packetsOf(path, 'amqp', ['-d', 'tcp.port==5672,amqp']).flatMap((packet) => packet.fields.filter(({ name }) => name === 'amqp').map((frame) => ({
    from: first(packet, 'tcp.dstport')!.show === '5672' ? 'client' as const : 'server' as const, stream: first(packet, 'tcp.stream')!.show, frame,
  })))
}

async function compare(path: string): Promise<void> {
  const sent = sentFrames(path)
  const frames = sent.map(({ frame }) => frame).filter((frame) => first(frame, 'amqp.method.class') !== undefined)
  const { messages } = await tapMessages(path)
  const ours = messages.filter(({ message }) => message.protocol === 'amqp').flatMap(({ message }) => [message.request, message.response] as (Half | undefined)[])
    .filter((half): half is Half => half?.method !== undefined)
  // An acknowledgement of several, or a CloseOk behind a Close that is an answer: what pairing changes in number.
  const unique = (lines: string[]): string[] => [...new Set(lines.filter((line) => !line.endsWith('closeok')))].toSorted()
  assert.ok(frames.length > 5)
  assert.deepEqual(unique(ours.map((half) => ourLine(half))), unique(frames.map(theirLine)))
  assert.deepEqual(ours.filter(({ bodyBytes }) => bodyBytes !== undefined).map((half) => ourContent(half)).toSorted(), theirContents(sent).toSorted())
  for (const side of ['client', 'server']) {
    const beats = sent.filter(({ from, frame }) => from === side && first(frame, 'amqp.type')?.show === HEARTBEAT).length
    assert.equal(ours.reduce((sum, { from, heartbeats = 0 }) => from === side ? sum + heartbeats : sum, 0), beats, `heartbeats of the ${side}`)
  }
}

for (const scene of ['amqp-basics', 'amqp-confirms', 'amqp-errors', 'amqp-heartbeats', 'amqp-tools']) {
  test(`${scene}: what tshark says`, async (t) => {
    if (need(t, 'peers', tsharkVersion(), 'tshark')) await compare(join(FIXTURES, `${scene}.pcap`))
  })
}

test('captures of other projects: what tshark says', async (t) => {
  const paths = capturesAbout('amqp').map((name) => join(CAPTURES, name)).filter((path) => existsSync(path))
  if (!need(t, 'captures', paths.length > 0, 'the captures of other projects')) return
  if (!need(t, 'peers', tsharkVersion(), 'tshark')) return
  for (const path of paths) await compare(path)
})
