import assert from 'node:assert/strict'
import test from 'node:test'
import { KeyPairing } from './key-pairing.ts'

interface Half { atMicros: number, name: string }

function paired(): { said: string[], pairing: KeyPairing<Half, Half>, ask(key: number, name: string): void, answer(key: number, name: string): void } {
  const said: string[] = []
  const pairing = new KeyPairing<Half, Half>({
    unanswered: (request) => void said.push(`${request.name} unanswered`),
    unasked: (answer) => void said.push(`${answer.name} unasked`),
  }, 3, 2)
  return {
    said, pairing,
    ask(key, name) {
      const answer = pairing.asked(key, { atMicros: 0, name })
      if (answer !== undefined) said.push(`${name}-${answer.name}`)
    },
    answer(key, name) {
      const request = pairing.answered(key, { atMicros: 0, name })
      if (request !== undefined) said.push(`${request.name}-${name}`)
    },
  }
}

test('answers find their request in any order, also when they were captured first', () => {
  const { said, ask, answer } = paired()
  ask(1, 'a')
  ask(2, 'b')
  answer(2, 'B')
  answer(3, 'C')
  answer(1, 'A')
  ask(3, 'c')
  assert.deepEqual(said, ['b-B', 'a-A', 'c-C'])
})

test('the oldest request and the oldest answer make room, and are told', () => {
  const { said, ask, answer } = paired()
  for (const key of [1, 2, 3, 4]) ask(key, `q${key}`)
  for (const key of [11, 12, 13]) answer(key, `a${key}`)
  assert.deepEqual(said, ['q1 unanswered', 'a11 unasked'])
})

test('a number that is used again gives up who had it', () => {
  const { said, ask, answer } = paired()
  ask(1, 'a')
  ask(1, 'b')
  answer(1, 'B')
  answer(1, 'C')
  answer(1, 'D')
  assert.deepEqual(said, ['a unanswered', 'b-B', 'C unasked'])
})

test('the ends give up what waits, and what comes after them', () => {
  const { said, pairing, ask, answer } = paired()
  ask(1, 'a')
  answer(2, 'B')
  pairing.endRequests()
  pairing.endAnswers()
  ask(3, 'c')
  answer(4, 'D')
  assert.deepEqual(said, ['B unasked', 'a unanswered', 'c unanswered', 'D unasked'])
})
