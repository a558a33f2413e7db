import assert from 'node:assert/strict'
import test from 'node:test'
import fc from '#property'
import { applyNames, nameChanges } from './shared-names.ts'

test('changes make of one set of names the other, and there are none between equal ones', () => {
  const names = fc.dictionary(fc.constantFrom('10.0.0.1', '10.0.0.2', '10.0.0.3', 'fd00::1'), fc.constantFrom('', 'a.x', 'b.x', 'web.x.svc'), { noNullPrototype: true })
  const mapOf = (record: Record<string, string>): Map<string, string> => new Map(Object.entries(record).filter(([, name]) => name !== '').sort())
  fc.assert(fc.property(names, names, (before, after) => {
    const now = mapOf(before)
    applyNames(now, nameChanges(before, after) ?? {})
    assert.deepEqual(new Map([...now].sort()), mapOf(after))
    assert.equal(nameChanges(after, { ...after }), undefined)
  }))
})
