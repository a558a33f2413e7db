import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { test } from 'node:test'
import { findProgram } from '../../src/sys/exec.ts'
import { need } from '../require.ts'
import { CAPTURES, capturesAbout } from './capture-list.ts'
import { tapMessages } from './tap-messages.ts'

const FOLDER = fileURLToPath(new URL('../fixtures/captures/', import.meta.url))
const SERVER_PORT = '8080'
const KINDS: Record<string, string> = { 1: 'text', 2: 'binary', 8: 'close' }

/** One message, in the words of the comparison. `text`: only where both have it. */
interface Heard { isClient: boolean, kind: string, payloadBytes: number, fragments: number, text?: string }

interface View { kind: string, payloadBytes: number, fragments?: number, body?: { text?: string, json?: unknown }, pings?: number, code?: number, reason?: string }

/** Where tshark is left out of the comparison, and why. */
const NO_TEXT: Record<string, { why: string, when: (heard: Heard, before: readonly Heard[]) => boolean }> = {
  'websocket-deflate': {
    why: 'tshark 4.0 does not decompress fragments, and from then on what they are referred to by is wrong',
    when: (heard, before) => !heard.isClient && (heard.fragments > 1 || before.some(({ fragments }) => fragments > 1)),
  },
  'websocket-forgetful': { why: 'likewise, for the fragments themselves', when: ({ fragments }) => fragments > 1 },
}

const FIELDS = ['tcp.srcport', 'websocket.fin', 'websocket.opcode', 'websocket.payload_length', 'websocket.payload_length_ext_16', 'websocket.payload_length_ext_64', 'websocket.payload.text']

function tsharkFrames(path: string): string[][] {
  const out = execFileSync('tshark', ['-r', path, '-Y', 'websocket', '-T', 'fields', '-E', 'aggregator=|', ...FIELDS.flatMap((field) => ['-e', field])],
    { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
  return out.split('\n').filter(Boolean).map((line) => line.split('\t'))
}

function tsharkMessages(name: string): { messages: Heard[], pings: number } {
  const messages: Heard[] = []
  const open = new Map<boolean, Heard>()
  let pings = 0
  for (const [port, fin, opcode, length, length16, length64, text] of tsharkFrames(`${FOLDER}${name}.pcap`)) {
    assert.match(opcode!, /^\d+$/, 'one frame a packet')
    if (opcode === '9') pings++
    if (opcode === '9' || opcode === '10') continue
    const isClient = port !== SERVER_PORT
    const heard = opcode === '0' ? open.get(isClient)! : { isClient, kind: KINDS[opcode!]!, payloadBytes: 0, fragments: 0 }
    heard.payloadBytes += Number(length64 || length16 || length)
    heard.fragments++
    if (text !== undefined && text !== '') heard.text = (heard.text ?? '') + text
    open.set(isClient, heard)
    if (fin === '1') messages.push(heard)
  }
  return { messages, pings }
}

function heardOf(view: View, isClient: boolean): Heard {
  const text = view.body?.json === undefined ? view.body?.text : JSON.stringify(view.body.json)
  return { isClient, kind: view.kind, payloadBytes: view.payloadBytes, fragments: view.fragments ?? 1, ...text !== undefined && { text } }
}

async function ours(name: string): Promise<{ messages: Heard[], pings: number, views: View[] }> {
  const { messages } = await tapMessages(`${FOLDER}${name}.pcap`)
  const found = messages.filter(({ message }) => message.protocol === 'websocket').map(({ message }) => message)
  const views = found.map((m) => (m.request ?? m.response) as View)
  return { views, messages: found.map((m, i) => heardOf(views[i]!, m.request !== undefined)), pings: views.reduce((sum, { pings = 0 }) => sum + pings, 0) }
}

for (const name of ['websocket-plain', 'websocket-deflate', 'websocket-forgetful']) {
  test(`${name}: what tshark says`, async (t) => {
    if (!need(t, 'peers', findProgram('tshark'), 'tshark')) return
    const tshark = tsharkMessages(name)
    const tapped = await ours(name)
    const isLeftOut = NO_TEXT[name]?.when ?? (() => false)
    const comparable = (list: readonly Heard[]): Heard[] => list.map(({ text, ...rest }, i) => {
      // tshark shows texts only, also empty ones as nothing; those of several fragments in its own way.
      const other = tshark.messages[i]?.text
      return text === undefined || other === undefined || rest.kind !== 'text' || isLeftOut({ text, ...rest }, list.slice(0, i)) ? rest : { ...rest, text }
    })
    assert.ok(tshark.messages.length > 20)
    assert.deepEqual(comparable(tapped.messages), comparable(tshark.messages))
    assert.equal(tapped.pings, tshark.pings)
  })
}

for (const name of capturesAbout('websocket')) {
  test(`${name}: as many messages of each kind as tshark sees`, async (t) => {
    if (!need(t, 'peers', findProgram('tshark'), 'tshark') || !need(t, 'captures', existsSync(CAPTURES + name), name)) return
    // A message has the kind of its first frame.
    const kinds = tsharkFrames(CAPTURES + name).flatMap(([, , opcodes]) => opcodes!.split('|').flatMap((opcode) => KINDS[opcode] ?? []))
    const { messages } = await tapMessages(CAPTURES + name)
    const ours = messages.filter(({ message }) => message.protocol === 'websocket').map(({ message }) => (message.request ?? message.response as View | undefined) as View)
    assert.deepEqual(ours.map(({ kind }) => kind).sort(), kinds.sort())
  })
}

test('the same words are read, however they are compressed', async () => {
  const said = async (name: string): Promise<unknown[]> => (await ours(name)).messages.filter(({ kind }) => kind === 'text').map(({ isClient, text }) => [isClient, text])
  const plain = await said('websocket-plain')
  assert.ok(plain.length > 15)
  assert.deepEqual(await said('websocket-deflate'), plain)
  assert.deepEqual(await said('websocket-forgetful'), plain)
  assert.deepEqual((await ours('websocket-plain')).views.filter(({ kind }) => kind === 'close').map(({ code, reason }) => [code, reason]), [[4001, 'told to'], [4001, 'told to']])
})
