import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ensureNetns } from './enter.ts'
import { fuzzExplain } from './explain-fuzz.ts'
import { canOpenLab } from './explain-pod.ts'

const permitted = ensureNetns()
const SETS = 60

test('random rules and packets end in the model as they do in the kernel', async (t) => {
  if (!canOpenLab(t, permitted)) return
  const { packets, mismatches, unknown } = await fuzzExplain(1, SETS, ['nft', 'legacy', 'native'])
  assert.ok(packets >= 900)
  assert.deepEqual(unknown, [])
  assert.deepEqual(mismatches.map(({ seed, backend, packet, model, kernel }) => `seed ${seed} (${backend}): ${packet}: ${model}, kernel: ${kernel}`), [])
})
