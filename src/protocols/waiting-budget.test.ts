import assert from 'node:assert/strict'
import { test } from 'node:test'
import { WaitingBudget } from './waiting-budget.ts'

test('too much waits by bytes or by number, and one always may', () => {
  const budget = new WaitingBudget(100, 3)
  const [first, second] = [{ waitingBytes: 0 }, { waitingBytes: 0 }]
  budget.hold(first, 500)
  assert.deepEqual([budget.bytes, budget.isOver(1), budget.isOver(2)], [500, false, true])
  budget.hold(second, 60)
  budget.release(first)
  budget.release(first)
  assert.deepEqual([budget.bytes, first.waitingBytes, budget.isOver(2), budget.isOver(3), budget.isOver(4)], [60, 0, false, false, true])
})
