import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from '#property'
import { parseEnviron } from './environ.ts'

function hints(...entries: string[]): ReturnType<typeof parseEnviron> {
  return parseEnviron(Buffer.from(entries.map((entry) => entry + '\0').join('')))
}

test('Istio and Linkerd name their pods each in its way', () => {
  assert.deepEqual(hints('PATH=/bin', 'POD_NAME=web-1', 'POD_NAMESPACE=shop', 'INSTANCE_IP=10.0.0.7', 'HOSTNAME=web-1', 'ISTIO_META_WORKLOAD_NAME=web'),
    { name: 'web-1.shop', hostname: 'web-1', ip: '10.0.0.7' })
  assert.deepEqual(hints('_pod_name=cart-2', '_pod_ns=shop'), { name: 'cart-2.shop', hostname: undefined, ip: undefined })
  assert.equal(hints('ISTIO_META_WORKLOAD_NAME=web').name, 'web')
  assert.equal(hints('KUMA_DATAPLANE_NAME=dp-1').name, 'dp-1')
})

test('of equal names the first counts, as for the program itself', () => {
  assert.equal(hints('POD_NAME=first', 'POD_NAME=second').name, 'first')
})

test('an address that is none is no hint', () => {
  assert.equal(hints('INSTANCE_IP=10.0.0.7; rm -rf /').ip, undefined)
  assert.equal(hints('INSTANCE_IP=fd00::7').ip, 'fd00::7')
})

test('names cannot steer a terminal, and have a bound', () => {
  assert.equal(hints('POD_NAME=\x1b]0;owned\x07web\u202e\x9b').name, ']0;ownedweb')
  assert.equal(hints(`POD_NAME=${'x'.repeat(100_000)}`).name?.length, 128)
  assert.equal(hints('POD_NAME=\x1b\x07').name, undefined)
  assert.equal(parseEnviron(Buffer.from('504f445f4e414d453dff80fe7700', 'hex')).name, '\ufffd\ufffd\ufffdw')
})

test('an entry that was cut off is left out', () => {
  const bytes = Buffer.from('POD_NAME=web-1\0POD_NAMESPACE=sh')
  assert.equal(parseEnviron(bytes, true).name, 'web-1')
  assert.equal(parseEnviron(bytes, false).name, 'web-1.sh')
})

test('any bytes give clean names or none', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 400 }), fc.constantFrom('', 'POD_NAME=', 'HOSTNAME=', '\0=\0', '_pod_ns='), (bytes, prefix) => {
    const found = parseEnviron(Buffer.concat([Buffer.from(prefix), bytes]))
    for (const text of [found.name, found.hostname, found.ip]) {
      if (text === undefined) continue
      assert.ok(text.length > 0 && text.length <= 128)
      // eslint-disable-next-line no-control-regex
      assert.doesNotMatch(text, /[\u0000-\u001f\u007f-\u009f]/)
    }
  }))
})
