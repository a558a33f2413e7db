import assert from 'node:assert/strict'
import test from 'node:test'
import type { Goal, Row } from '../../bench/contract.ts'
import { median } from '../../bench/contract.ts'
import { earlierOf, reached, renderResult } from '../../bench/report.ts'

const row = (goal: Goal, samples: number[] = [10, 20, 90]): Row =>
  ({ metric: 'cpu', unit: 'ms', samples, goal, peers: [{ name: 'tshark', samples: [400, 500, 3000] }] })

test('the median is the middle, not the mean', () => {
  assert.equal(median([90, 10, 20]), 20)
  assert.equal(median([4, 1, 3, 2]), 2.5)
})

test('goals are compared by medians', () => {
  assert.equal(reached(row({ atMost: 20 })), true)
  assert.equal(reached(row({ atMost: 19 })), false)
  assert.equal(reached(row({ atLeast: 21 })), false)
  assert.equal(reached(row({ timesLessThan: 'tshark', factor: 25 })), true)
  assert.equal(reached(row({ timesLessThan: 'tshark', factor: 26 })), false)
  assert.equal(reached(row({ shareOf: 'tshark', factor: 0.9 }, [451])), true)
  assert.equal(reached(row({ shareOf: 'tshark', factor: 0.9 }, [449])), false)
})

test('a goal against a peer that was not there is not reached', () => {
  assert.equal(reached(row({ timesLessThan: 'tcpdump', factor: 1 })), false)
})

test('the report says the claim, the figures, the peer, the goal and what it was before', () => {
  const result = { name: 'file', claim: 'reads fast', rows: [row({ timesLessThan: 'tshark', factor: 30 })] }
  const text = renderResult(result, earlierOf([{ ...result, rows: [row({ atMost: 1 }, [40])] }]))
  assert.match(text, /^file: reads fast$/m)
  assert.match(text, /cpu +20\.0 ms {3}\(10\.0 to 90\.0, 3 runs\)/)
  assert.match(text, /tshark +500 ms {3}25\.0 times ours/)
  assert.match(text, /before +40\.0 ms {3}now 0\.50 of that/)
  assert.match(text, /goal: at least 30 times less than tshark: MISSED/)
})
