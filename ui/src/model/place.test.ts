import assert from 'node:assert/strict'
import test from 'node:test'
import fc from '#property'
import type { Place } from './place.ts'
import { GROUPINGS, HOME, TABS, VIEWS, parsePlace, placeText } from './place.ts'

const micros = fc.option(fc.integer({ min: 0, max: 4e15 }), { nil: undefined })
const places: fc.Arbitrary<Place> = fc.record({
  view: fc.constantFrom(...VIEWS), q: fc.string(), hops: fc.constantFrom('joined', 'all'), selected: fc.option(fc.nat(), { nil: undefined }), tab: fc.constantFrom(...TABS),
  fromMicros: micros, toMicros: micros, item: fc.option(fc.string({ minLength: 1 }), { nil: undefined }), by: fc.constantFrom(...GROUPINGS),
  compare: fc.option(fc.tuple(fc.nat(), fc.nat()), { nil: undefined }),
}, { noNullPrototype: true })

test('a place and its address are the same', () => {
  fc.assert(fc.property(places, (place) => { assert.deepEqual(parsePlace(placeText(place)), place) }))
})

test('home has an empty address, and what is not understood is home', () => {
  assert.equal(placeText(HOME), '')
  assert.deepEqual(parsePlace('?view=nowhere&tab=9&from=-1&to=soon&m=x&compare=1'), HOME)
})

test('any address is a place', () => {
  fc.assert(fc.property(fc.string(), (search) => { parsePlace(`?${search}`) }))
})
