import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { need } from '../require.ts'
import { CAPTURES, capturesAbout } from './capture-list.ts'
import { tsharkVersion } from './pdml.ts'
import { tapKafka } from './tap-kafka.ts'
import type { KafkaPdu } from './tshark-kafka.ts'
import { tsharkKafka } from './tshark-kafka.ts'

const FIXTURES = fileURLToPath(new URL('../fixtures/captures/', import.meta.url))
const PORTS = [9092, 9093, 36333]

/** By the name of the scene: the least number of requests and answers whose fields are compared, too; the rest is newer than tshark 4.0. */
const SCENES: Readonly<Record<string, number>> = {
  'kafka-produce': 0, 'kafka-classic': 2, 'kafka-consumer': 0, 'kafka-transactions': 0, 'kafka-admin': 2, 'kafka-sasl': 34, 'kafka-kcat': 85,
}

/** tshark pairs no answer with a request that it cannot read; then it does not say what it answers. */
const head = ({ isRequest, key, version, correlationId, clientId, sizeBytes }: KafkaPdu, theirs: KafkaPdu | undefined): object =>
  Number.isNaN(theirs?.key) ? { isRequest, correlationId, sizeBytes } : { isRequest, key, version, correlationId, clientId, sizeBytes }

/** Both in the same order: connection, then correlation id, requests first. */
function sorted(pdus: readonly KafkaPdu[]): KafkaPdu[] {
  return pdus.toSorted((a, b) => Number(a.stream) - Number(b.stream) || a.correlationId - b.correlationId || Number(b.isRequest) - Number(a.isRequest))
}

/** How many were compared field by field. */
async function compare(path: string): Promise<number> {
  const ours = sorted(await tapKafka(path))
  const theirs = sorted(tsharkKafka(path, PORTS))
  assert.ok(theirs.length > 0)
  assert.equal(ours.length, theirs.length)
  let compared = 0
  theirs.forEach((their, i) => {
    const our = ours[i]!
    assert.deepEqual(head(our, their), head(their, their))
    if (their.fields === undefined) return
    compared++
    assert.deepEqual({ ...head(our, their), ...our.fields }, { ...head(their, their), ...their.fields })
  })
  return compared
}

for (const [scene, least] of Object.entries(SCENES)) {
  test(`${scene}: what tshark says`, async (t) => {
    if (!need(t, 'peers', tsharkVersion(), 'tshark')) return
    const compared = await compare(join(FIXTURES, `${scene}.pcap`))
    assert.ok(compared >= least, `only ${compared} compared`)
  })
}

test('captures of other projects: what tshark says', async (t) => {
  const names = capturesAbout('kafka')
  if (!need(t, 'captures', names.length > 0, 'the captures of other projects')) return
  if (!need(t, 'peers', tsharkVersion(), 'tshark')) return
  for (const name of names) {
    const path = join(CAPTURES, name)
    if (existsSync(path)) await compare(path)
  }
})
