import assert from 'node:assert/strict'
import test from 'node:test'
import fc from '#property'
import { serviceOf } from '../../scripts/cluster/dns.ts'
import { dnsAnswer, parseQuestion } from '../../scripts/cluster/dns-answer.ts'

/** A query with recursion desired, as resolvers of pods send it. */
function query(name: string, type: number): Buffer {
  const labels = name.split('.').map((label) => Buffer.concat([Buffer.from([label.length]), Buffer.from(label)]))
  return Buffer.concat([Buffer.from([0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0]), ...labels, Buffer.from([0, 0, type, 0, 1])])
}

test('the address of a service, none of another type, and no such name', () => {
  const asked = query('Web.shop.svc.cluster.local', 1)
  const question = parseQuestion(asked)!
  assert.deepEqual([question.name, question.type, question.end], ['web.shop.svc.cluster.local', 1, asked.length])
  const answer = dnsAnswer(asked, question, ['10.96.0.7'])
  assert.deepEqual([answer.readUInt16BE(0), answer.readUInt16BE(2), answer.readUInt16BE(6)], [0x1234, 0x8580, 1])
  assert.deepEqual([...answer.subarray(-4)], [10, 96, 0, 7])
  const six = query('web.shop.svc.cluster.local', 28)
  assert.deepEqual([2, 6].map((at) => dnsAnswer(six, parseQuestion(six)!, ['10.96.0.7']).readUInt16BE(at)), [0x8580, 0])
  assert.deepEqual([2, 6].map((at) => dnsAnswer(asked, question, undefined).readUInt16BE(at)), [0x8583, 0])
})

test('names of services, and of pods of headless ones', () => {
  assert.deepEqual(serviceOf('web.shop.svc.cluster.local'), { service: 'web', namespace: 'shop' })
  assert.deepEqual(serviceOf('web-0.web.shop.svc.cluster.local'), { service: 'web', namespace: 'shop' })
  for (const name of ['', 'web', 'web.shop', 'web.shop.svc', 'web.shop.pod.cluster.local', 'example.org']) assert.equal(serviceOf(name), undefined, name)
})

test('no bytes make it throw', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
    const question = parseQuestion(bytes)
    if (question !== undefined) dnsAnswer(bytes, question, ['1.2.3.4'])
  }))
})
