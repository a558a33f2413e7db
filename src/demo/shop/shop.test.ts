import assert from 'node:assert/strict'
import { test } from 'node:test'
import { answerAd } from './ads.ts'
import { Stock } from './stock.ts'

const call = (method: string, path: string, body: Record<string, unknown> = {}): { method: string, path: string[], body: Record<string, unknown> } =>
  ({ method, path: path.split('/').filter(Boolean), body })

test('stock goes down with each reservation, is refused when short, and is filled up then', () => {
  const stock = new Stock()
  const reserve = (): number => stock.answer(call('POST', '/reserve', { sku: 'cup-0815', count: 1 })).status
  assert.deepEqual([reserve(), reserve(), reserve()], [201, 409, 201])
})

test('some commits fail, most do not', () => {
  const stock = new Stock()
  const statuses = Array.from({ length: 8 }, () => stock.answer(call('POST', '/commit')).status)
  assert.deepEqual([...new Set(statuses)].toSorted(), [200, 503])
})

test('what is not there is 404', () => {
  const stock = new Stock()
  assert.equal(stock.answer(call('GET', '/stock/none')).status, 404)
  assert.equal(stock.answer(call('POST', '/reserve', { sku: 'none', count: 1 })).status, 404)
  assert.equal(stock.answer(call('GET', '/')).status, 404)
  assert.equal(answerAd(call('GET', '/other')).status, 404)
  assert.equal(answerAd(call('GET', '/banner')).status, 200)
})
