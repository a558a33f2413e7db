import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { need } from '../require.ts'
import { tsharkVersion } from './pdml.ts'
import { grpcCalls, streamOf } from './tap-grpc.ts'
import type { Side } from './tap-grpc.ts'
import { tsharkGrpc } from './tshark-grpc.ts'
import type { MessageView } from './tshark-grpc.ts'

const PROTOS = fileURLToPath(new URL('../fixtures/protos', import.meta.url))
const PORTS = { http2: 50051, http: 8088 }

const capture = (name: string): string => fileURLToPath(new URL(`../fixtures/captures/${name}.pcap`, import.meta.url))

/** Where we and tshark differ on purpose: messages whose values are not compared, and why. */
const DIFFERENCES: Record<string, { why: string, isLeftOut: (message: MessageView) => boolean }> = {
  'grpc-reflection': {
    why: 'the files within an answer of reflection are bytes to tshark; we show what is in them',
    isLeftOut: ({ path, bytes }) => path.endsWith('/ServerReflectionInfo') && bytes > 1000,
  },
}

for (const name of ['grpc-unary', 'grpc-streams', 'grpc-packed', 'grpc-reflection', 'grpc-web']) {
  test(`${name}: what tshark says`, async (t) => {
    if (!need(t, 'peers', tsharkVersion(), 'tshark')) return
    const ours = (await grpcCalls(capture(name), PROTOS)).map(streamOf)
    const theirs = tsharkGrpc(capture(name), PROTOS, PORTS)
    assert.ok(theirs.reduce((sum, { requests, responses }) => sum + requests.length + responses.length, 0) > 4)
    const isLeftOut = DIFFERENCES[name]?.isLeftOut ?? (() => false)
    const seen = (message: MessageView): MessageView => isLeftOut(message) ? { ...message, value: null } : message
    const view = (streams: typeof ours): unknown => streams.map(({ requests, responses, statuses }) => ({ requests: requests.map(seen), responses: responses.map(seen), statuses }))
    assert.deepEqual(view(ours), view(theirs))
  })
}

test('calls end as the server and the client wanted them to', async () => {
  const [calls = []] = await grpcCalls(capture('grpc-unary'), PROTOS)
  assert.deepEqual(calls.map(({ what, status, outcome }) => [what, status, outcome]), [
    ['shop.Cart/Get', 'OK', 'ok'], ['shop.Cart/Get', 'NOT_FOUND', 'client-error'], ['shop.Cart/Get', 'FAILED_PRECONDITION', 'client-error'],
    ['shop.Cart/Get', 'INTERNAL', 'server-error'], ['shop.Cart/Get', 'DEADLINE_EXCEEDED', 'server-error'],
    ['shop.Cart/Get', 'CANCELLED', 'client-error'],
  ])
  assert.equal(calls[1]!.response?.message, 'no such cart: 50% of Grüße')
  assert.deepEqual(calls[2]!.response?.details, [{ '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason: 'CART_LOCKED', domain: 'shop.example', metadata: { by: 'ann' } }])
  assert.equal(calls[5]!.response, undefined)
  const deadlines = calls.map((call) => Number(call.request.deadlineMicros))
  assert.ok(deadlines[0]! > 4_000_000 && deadlines[0]! <= 5_000_000 && deadlines[4]! <= 200_000)
})

test('requests are decompressed, whatever the coding', async () => {
  const flows = await grpcCalls(capture('grpc-packed'), PROTOS)
  const codings = flows.flat().flatMap(({ request }) => request.messages.map((message) => [request.compression, message.compressed, message.type]))
  assert.deepEqual(codings, [
    ['gzip', 'gzip', 'shop.GetRequest'], ['gzip', 'gzip', 'shop.GetRequest'],
    ...Array.from({ length: 3 }, () => ['deflate', 'deflate', 'shop.Item']),
  ])
})

test('without types the fields are guessed, until reflection tells them', async () => {
  const [calls = []] = await grpcCalls(capture('grpc-reflection'))
  const [before, reflection, after] = calls.filter(({ what }) => what !== '').toSorted((a, b) => order(a.request) - order(b.request))
  assert.deepEqual(before!.request.messages[0]!.fields, [{ field: 1, kind: 'string', value: 'before' }, { field: 2, kind: 'varint', value: 0 }])
  assert.equal(reflection!.request.messages.length, 3)
  assert.deepEqual(after!.request.messages[0], { bytes: 9, type: 'shop.GetRequest', value: { cartId: 'after', limit: 0 } })
  const withFile = (await grpcCalls(capture('grpc-reflection'), PROTOS))[0]!.find(({ request }) => order(request) === 2)
  assert.deepEqual(after!.response!.messages, withFile!.response!.messages)
})

/** Which of the three calls it is. */
function order(request: Side): number {
  if (request.method !== 'Get') return 1
  return JSON.stringify(request.messages).includes('after') ? 2 : 0
}
