import assert from 'node:assert/strict'
import test from 'node:test'
import type { Message } from '../model/message.ts'
import { flowOf } from './check-stream.fixture.ts'
import { ContentDigests, contentDigest } from './content-digests.ts'
import { Edge } from './edge.ts'

const message = (body: string, more: Partial<Message> = {}): Message => ({
  protocol: 'http1', atMicros: 1, elapsedMicros: 1, what: 'GET /cart', status: 200, outcome: 'ok', complete: true, notes: [],
  request: { headers: [{ name: 'x', value: '1' }] }, response: { body, bodyBytes: body.length }, ...more,
})

test('a digest is of method, path, status and bodies, and of no headers', () => {
  const one = contentDigest(message('a'))
  assert.match(one!, /^[0-9a-f]{64}$/)
  assert.equal(contentDigest(message('a', { request: { headers: [] } })), one)
  for (const other of [message('b'), message('a', { what: 'GET /' }), message('a', { status: 201 })]) assert.notEqual(contentDigest(other), one)
  for (const none of [message('a', { complete: false }), message('a', { status: undefined }), message('a', { protocol: 'tls' })]) assert.equal(contentDigest(none), undefined)
})

test('what was decrypted on the wire is compared with what was read on loopbacks', () => {
  const digests = new ContentDigests()
  const edge = new Edge(flowOf('1'))
  const wire = message('', { decrypted: true })
  const said = (): string[] => digests.evidenceOf(edge).map(({ what }) => what)
  digests.add(flowOf('1'), wire, 'aa')
  assert.deepEqual(said(), [], 'there is no clear hop')
  digests.add(flowOf('2', { hop: 'clear' }), message('', { what: 'GET /other' }), 'bb')
  assert.deepEqual(said(), [], 'another request')
  digests.add(flowOf('3', { hop: 'clear' }), message(''), 'dd')
  assert.equal(said().length, 1)
  assert.match(said()[0]!, /^1 of 1 different requests .* are not what the clear hops carried .* GET \/cart 200, aa…/)
  digests.add(flowOf('3', { hop: 'clear' }), message(''), 'aa')
  digests.add(flowOf('1'), wire, 'cc')
  assert.equal(said().length, 2)
  assert.match(said()[0]!, /^1 of 2 different requests .* are what the clear hops carried/)
  assert.match(said()[1]!, /^1 of 2 .* are not what .* cc…/)
  digests.add(flowOf('4'), message(''), 'cc')
  assert.match(said()[1]!, /^1 of 2/, 'what is readable on a wire is no clear hop')
})
