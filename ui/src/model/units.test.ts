import assert from 'node:assert/strict'
import test from 'node:test'
import { clockText, instantText, rangeText } from './instant.ts'
import { countText, durationText, nounText, rateText, shareText, sizeText } from './units.ts'

const plain = (text: string): string => text.replaceAll('\u202f', ' ')

test('numbers say as much as a reader needs', () => {
  assert.equal(plain(countText(91220)), '91 220')
  assert.deepEqual([83, 1900, 12_345, 2_400_000, 184_000_000, 7_260_000_000].map((micros) => plain(durationText(micros))), ['83 µs', '1.9 ms', '12.3 ms', '2.4 s', '3 min 4 s', '2 h 1 min'])
  assert.deepEqual([12, 2048, 222_298_112, 1024 ** 3].map((bytes) => plain(sizeText(bytes))), ['12 B', '2 KiB', '212 MiB', '1 GiB'])
  assert.deepEqual([0, 0.034, 4.21, 1482].map((rate) => plain(rateText(rate))), ['0/s', '0.03/s', '4.21/s', '1 482/s'])
  assert.deepEqual([0, 0.0001, 0.0125, 1].map((share) => plain(shareText(share))), ['0 %', '<0.1 %', '1.3 %', '100 %'])
  assert.deepEqual([nounText(1, 'error'), nounText(2, 'error')], ['1 error', '2 errors'])
})

test('instants keep their microseconds', () => {
  const at = Date.UTC(2026, 10, 21, 12, 3, 41, 204) * 1000 + 318
  assert.equal(instantText(at, 'UTC'), '2026-11-21 12:03:41.204318 UTC')
  assert.equal(clockText(at, 'UTC'), '12:03:41.204')
  assert.equal(rangeText(at, at + 60e6, 'UTC'), '12:03:41 – 12:04:41')
  assert.equal(rangeText(undefined, undefined, 'UTC'), 'all time')
})
