import assert from 'node:assert/strict'
import { verdictOf } from '../../src/check/check-stream.fixture.ts'
import { WORTH } from '../../src/check/edge-verdict.ts'
import type { EdgeVerdict } from '../../src/check/verdict.ts'
import type { Case } from './mutation.ts'
import type { Piece, Source } from './source.ts'

/** Protocols that are TLS, or lead to it. */
const JUDGED: ReadonlySet<string> = new Set(['tls', 'postgres', 'mysql', 'http1', 'proxy'])
/** Whole records in another place or of another side make another connection: encrypted records tell nobody whose they are. */
const MOVES_RECORDS: ReadonlySet<string> = new Set(['turn', 'swap', 'repeat'])

const originals = new WeakMap<Source, EdgeVerdict>()

function originalOf(source: Source): EdgeVerdict {
  let verdict = originals.get(source)
  if (verdict === undefined) originals.set(source, verdict = verdictOf(source.pieces) ?? 'unknown')
  return verdict
}

/** Throws where a mutated connection earns a better verdict than what it was made of: never a proof, and no inference from bytes that were changed in place. */
export function checkVerdict(one: Case, pieces: readonly Piece[], sources: readonly Source[]): void {
  const source = sources[one.source]!
  if (source.linkType !== undefined || !JUDGED.has(source.protocol)) return
  const verdict = verdictOf(pieces, one.isLate)
  if (verdict === undefined) return
  const other = one.splice === undefined ? undefined : sources[one.splice.source]!
  const from = [source, ...(other === undefined || other.linkType !== undefined ? [] : [other])].map(originalOf)
  if (verdict === 'mtls') assert.ok(from.includes('mtls'), `a proof out of ${from.join(' and ')}`)
  if (other !== undefined || one.window !== undefined || one.mutations.some(({ kind }) => MOVES_RECORDS.has(kind))) return
  // Plaintext that can no longer be read is unknown.
  assert.ok(WORTH[verdict] <= Math.max(WORTH[from[0]!], WORTH.unknown), `${verdict} out of ${from[0]}`)
}
