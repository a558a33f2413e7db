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

interface Half { method?: string, channel?: number, arguments?: Record<string, unknown>, body?: { text?: string, base64?: string }, bodyBytes?: number }

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

/** A body in one line; tshark has one field for each frame, in the order of the wire. */
function bodyText({ body }: Half): string {
  return Buffer.from(body?.text ?? body?.base64 ?? '', body?.text === undefined ? 'base64' : 'utf8').toString('hex')
}

async function compare(path: string): Promise<void> {
  const protos = packetsOf(path, 'amqp', ['-d', 'tcp.port==5672,amqp']).flatMap((packet) => packet.fields.filter(({ name }) => name === 'amqp'))
  const frames = protos.filter((proto) => first(proto, 'amqp.method.class') !== undefined)
  const { messages } = await tapMessages(path)
  const ours = messages.filter(({ message }) => message.protocol === 'amqp').flatMap(({ message }) => [message.request, message.response] as (Half | undefined)[])
    .filter((half): half is Half => half?.method !== undefined)
  // An acknowledgement of several, or a CloseOk behind a Close that is an answer: what pairing changes in number.
  const unique = (lines: string[]): string[] => [...new Set(lines.filter((line) => !line.endsWith('closeok')))].toSorted()
  assert.ok(frames.length > 5)
  assert.deepEqual(unique(ours.map((half) => ourLine(half))), unique(frames.map(theirLine)))
  const bodies = ours.filter(({ bodyBytes = 0 }) => bodyBytes > 0).map(bodyText).toSorted().join('')
  const theirs = protos.map((proto) => bytesOf(first(proto, 'amqp.payload')).toString('hex')).join('')
  assert.equal(bodies.length, theirs.length)
}

for (const scene of ['amqp-basics', 'amqp-confirms', 'amqp-errors', 'amqp-tools']) {
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
