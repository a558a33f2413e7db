import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SessionMemory } from './session-memory.ts'
import type { TlsFacts } from './tls-facts.ts'
import { NO_FACTS } from './tls-facts.ts'

const ENDS = '10.0.0.1 10.0.0.2 8080'
const full = (clientProof: TlsFacts['clientProof'], sni = 'cart'): TlsFacts => ({ ...NO_FACTS, sni, resumed: false, clientProof })
const resumed = (sni = 'cart'): TlsFacts => ({ ...NO_FACTS, sni, resumed: true })

test('a resumed session has the proof of the full handshakes before it, as an inference', () => {
  const memory = new SessionMemory()
  memory.learn(ENDS, full('inferred'))
  assert.equal(memory.learn(ENDS, resumed()).clientProof, 'inferred')
  const other = new SessionMemory()
  other.learn(ENDS, full('certificate'))
  assert.equal(other.learn(ENDS, resumed()).clientProof, 'inferred')
})

test('a client without a certificate has none when it comes back', () => {
  const memory = new SessionMemory()
  memory.learn(ENDS, full('none'))
  assert.equal(memory.learn(ENDS, resumed()).clientProof, 'none')
})

test('nothing is inherited from other ends, for another name, or from handshakes that differ', () => {
  const memory = new SessionMemory()
  assert.equal(memory.learn(ENDS, resumed()).clientProof, 'unknown')
  memory.learn(ENDS, full('inferred'))
  assert.equal(memory.learn('10.0.0.3 10.0.0.2 8080', resumed()).clientProof, 'unknown')
  assert.equal(memory.learn(ENDS, resumed('ads')).clientProof, 'unknown')
  memory.learn(ENDS, full('none'))
  assert.equal(memory.learn(ENDS, resumed()).clientProof, 'unknown')
  memory.learn(ENDS, full('inferred'))
  assert.equal(memory.learn(ENDS, resumed()).clientProof, 'unknown')
})

test('the ends that are quiet for longest are forgotten first', () => {
  const memory = new SessionMemory()
  memory.learn('first', full('inferred'))
  for (let i = 0; i < 4095; i++) memory.learn(`end ${i}`, full('inferred'))
  assert.equal(memory.learn('first', resumed()).clientProof, 'inferred')
  memory.learn('one more', full('inferred'))
  assert.equal(memory.learn('first', resumed()).clientProof, 'unknown')
  assert.equal(memory.learn('end 0', resumed()).clientProof, 'inferred')
})
