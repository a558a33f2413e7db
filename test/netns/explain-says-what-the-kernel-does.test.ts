import assert from 'node:assert/strict'
import { test } from 'node:test'
import { findProgram } from '../../src/sys/exec.ts'
import { need } from '../require.ts'
import { ensureNetns } from './enter.ts'
import { fuzzExplain } from './explain-fuzz.ts'

const permitted = ensureNetns()
const SETS = 60

test('random rules and packets end in the model as they do in the kernel', async (t) => {
  if (!need(t, 'netns', permitted, 'network namespaces')) return
  for (const program of ['nft', 'iptables-nft', 'iptables-legacy', 'ss']) if (!need(t, 'netns', findProgram(program), program)) return
  const { packets, mismatches, unknown } = await fuzzExplain(1, SETS, ['nft', 'legacy', 'native'])
  assert.ok(packets >= 900)
  assert.deepEqual(unknown, [])
  assert.deepEqual(mismatches.map(({ seed, backend, packet, model, kernel }) => `seed ${seed} (${backend}): ${packet}: ${model}, kernel: ${kernel}`), [])
})
