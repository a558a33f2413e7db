import assert from 'node:assert/strict'
import test from 'node:test'
import { PROTOCOLS, isServerPort } from './registry.ts'

const NONE = new Uint8Array(0)

test('names are unique and links point to a specification', () => {
  const names = PROTOCOLS.map((protocol) => protocol.name)
  assert.equal(new Set(names).size, names.length)
  for (const { spec, name } of PROTOCOLS) {
    assert.match(name, /^[a-z][a-z0-9]*$/)
    assert.equal(new URL(spec).protocol, 'https:')
  }
})

test('the ports of all protocols are known as server ports', () => {
  for (const { ports } of PROTOCOLS) for (const port of ports) assert.ok(isServerPort(port))
  assert.ok(isServerPort(80) && isServerPort(443))
  assert.ok(!isServerPort(54321))
})

test('no two protocols claim the same first bytes', () => {
  const hello = Buffer.from('16030100c8010000c40303', 'hex')
  const firsts = ['GET / HTTP/1.1\r\n', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', '*1\r\n$4\r\nPING\r\n', 'SSH-2.0-x\r\n', '\0\0\0\x08\x04\xd2\x16\x2f'].map((text) => Buffer.from(text, 'latin1'))
  for (const first of [...firsts, hello]) {
    const claims = PROTOCOLS.filter((protocol) => protocol.probe(first, NONE) === 'yes')
    assert.ok(claims.length <= 1, `${first.toString('latin1')} is claimed by ${claims.map((claim) => claim.name).join(' and ')}`)
  }
})

test('no bytes at all are undecided', () => {
  for (const protocol of PROTOCOLS) assert.equal(protocol.probe(NONE, NONE), 'more')
})
