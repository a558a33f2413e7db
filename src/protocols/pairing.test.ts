import assert from 'node:assert/strict'
import test from 'node:test'
import fc from '#property'
import { FifoPairing } from './pairing.ts'

interface Item { name: string, atMicros: number }

class Paired {
  readonly said: string[] = []
  readonly pairing: FifoPairing<Item, Item>

  constructor(maxAnswers = 3) {
    this.pairing = new FifoPairing<Item, Item>({
      unanswered: ({ name }) => this.said.push(`${name}-?`),
      unasked: ({ name }) => this.said.push(`?-${name}`),
    }, maxAnswers)
  }

  ask(name: string, atMicros: number): this {
    const answer = this.pairing.asked({ name, atMicros })
    if (answer !== undefined) this.said.push(`${name}-${answer.name}`)
    return this
  }

  answer(name: string, atMicros: number): this {
    const request = this.pairing.answered({ name, atMicros })
    if (request !== undefined) this.said.push(`${request.name}-${name}`)
    return this
  }

  end(): string[] {
    this.pairing.endRequests()
    this.pairing.endAnswers()
    return this.said
  }
}

test('the n-th answer belongs to the n-th request, also when pipelined', () => {
  const paired = new Paired().ask('a', 1).answer('A', 2).ask('b', 3).ask('c', 4).answer('B', 5).ask('d', 6).answer('C', 7).answer('D', 8)
  assert.deepEqual(paired.end(), ['a-A', 'b-B', 'c-C', 'd-D'])
})

test('an answer that was captured before its request waits for it', () => {
  assert.deepEqual(new Paired().answer('A', 2).ask('a', 1).answer('B', 4).ask('b', 3).end(), ['a-A', 'b-B'])
})

test('any order of capture gives the same pairs while nothing is missed', () => {
  fc.assert(fc.property(fc.array(fc.boolean(), { maxLength: 200 }), (turns) => {
    const paired = new Paired(1000)
    let asked = 0
    let answered = 0
    for (const isAnswer of turns) {
      if (isAnswer) paired.answer(String(answered++), 0)
      else paired.ask(String(asked++), 0)
    }
    const pairs = Math.min(asked, answered)
    assert.deepEqual(paired.said, Array.from({ length: pairs }, (_, i) => `${i}-${i}`))
    assert.equal(paired.pairing.waiting, asked - pairs)
  }))
})

test('what never finds its other half is told at the end', () => {
  assert.deepEqual(new Paired().ask('a', 1).ask('b', 2).end(), ['a-?', 'b-?'])
  assert.deepEqual(new Paired().answer('A', 1).end(), ['?-A'])
})

test('answers without requests are given up when too many wait, and time decides from then on', () => {
  const paired = new Paired(2).answer('A', 1).answer('B', 2).answer('C', 3)
  assert.deepEqual(paired.said, ['?-A'])
  assert.deepEqual(paired.ask('d', 4).answer('D', 5).end(), ['?-A', '?-B', '?-C', 'd-D'])
})

test('after a loss an answer belongs to the latest request before it', () => {
  const paired = new Paired().ask('a', 1).ask('b', 10)
  paired.pairing.loosen()
  assert.deepEqual(paired.answer('B', 11).end(), ['a-?', 'b-B'])
})

test('after a loss an answer that came before a request is none of it', () => {
  const paired = new Paired()
  paired.pairing.loosen()
  assert.deepEqual(paired.answer('A', 1).ask('b', 2).answer('B', 3).end(), ['?-A', 'b-B'])
})

test('after losses on both sides a request that waits is not given the answer of a lost one', () => {
  for (const [first, second] of [['lostRequests', 'lostAnswers'], ['lostAnswers', 'lostRequests']] as const) {
    const paired = new Paired().ask('a', 1)
    paired.pairing[first]()
    paired.pairing[second]()
    assert.deepEqual(paired.answer('B', 5).ask('c', 6).answer('C', 7).end(), ['a-?', '?-B', 'c-C'])
  }
})

test('a request behind a loss of answers is paired as ever', () => {
  const paired = new Paired().ask('a', 1)
  paired.pairing.lostAnswers()
  paired.ask('b', 3)
  paired.pairing.lostRequests()
  assert.deepEqual(paired.answer('B', 4).end(), ['a-?', 'b-B'])
})

test('a request that the reassembly held back finds the answer that overtook it', () => {
  const paired = new Paired()
  paired.pairing.loosen()
  assert.deepEqual(paired.answer('A', 2).answer('B', 4).ask('b', 3).end(), ['?-A', 'b-B'])
})

test('a connection that was seen pipelining stays first in, first out after a loss', () => {
  const paired = new Paired().ask('a', 1).ask('b', 2).answer('A', 3).answer('B', 4).ask('c', 5).ask('d', 6)
  paired.pairing.loosen()
  assert.deepEqual(paired.answer('C', 7).answer('D', 8).end(), ['a-A', 'b-B', 'c-C', 'd-D'])
})

test('the answer of a request that was given up does not go to the next one', () => {
  const paired = new Paired().ask('a', 1).ask('b', 2)
  paired.pairing.dropOldest()
  assert.deepEqual(paired.answer('A', 3).answer('B', 4).end(), ['a-?', '?-A', 'b-B'])
})

test('a long queue is let go as it is worked off', () => {
  const paired = new Paired()
  for (let i = 0; i < 1000; i++) paired.ask(String(i), i)
  for (let i = 0; i < 990; i++) paired.answer(String(i), 2000 + i)
  assert.equal(paired.pairing.waiting, 10)
  assert.equal(paired.pairing.oldest?.name, '990')
  assert.ok(paired.said.every((pair) => pair.split('-')[0] === pair.split('-')[1]))
})
