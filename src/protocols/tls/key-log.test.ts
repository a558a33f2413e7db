import assert from 'node:assert/strict'
import test from 'node:test'
import fc from '#property'
import { KeyLogParser } from './key-log.ts'
import { MAX_KEY_LOG_FAULTS, MAX_KEY_LOG_LINE_BYTES } from './limits.ts'

const RANDOM = 'ab'.repeat(32)
const MASTER = '0c'.repeat(48)
const TRAFFIC = 'd1'.repeat(32)

function parse(...texts: (string | Uint8Array)[]): { taken: string[], parser: KeyLogParser } {
  const taken: string[] = []
  const hex = (text: string): string => Buffer.from(text, 'latin1').toString('hex')
  const parser = new KeyLogParser({
    secret: (label, random, secret) => taken.push(`${label} ${random} ${hex(secret)}`),
    session: (id, master) => taken.push(`session ${id} ${hex(master)}`),
    premaster: (start, premaster) => taken.push(`premaster ${start} ${hex(premaster)}`),
  })
  for (const text of texts) parser.push(typeof text === 'string' ? Buffer.from(text) : text)
  return { taken, parser }
}

test('every label that decrypts is taken, in either case of the digits', () => {
  const text = `# made by a peer\n\nCLIENT_RANDOM ${RANDOM} ${MASTER.toUpperCase()}\r\nSERVER_HANDSHAKE_TRAFFIC_SECRET ${RANDOM.toUpperCase()} ${TRAFFIC}\n`
  const { taken, parser } = parse(text)
  assert.deepEqual(taken, [`CLIENT_RANDOM ${RANDOM} ${MASTER}`, `SERVER_HANDSHAKE_TRAFFIC_SECRET ${RANDOM} ${TRAFFIC}`])
  assert.deepEqual([parser.secrets, parser.others, parser.faultCount], [2, 0, 0])
})

test('lines of other labels are no fault', () => {
  const { taken, parser } = parse(`EXPORTER_SECRET ${RANDOM} ${TRAFFIC}\nECH_CONFIG ${RANDOM} aabb\n`)
  assert.deepEqual([taken.length, parser.others, parser.faultCount], [0, 2, 0])
})

test('both old RSA forms are taken', () => {
  const { taken } = parse(`RSA 0011223344556677 ${MASTER}\nRSA Session-ID:AABB Master-Key:${MASTER}\n`)
  assert.deepEqual(taken, [`premaster 0011223344556677 ${MASTER}`, `session aabb ${MASTER}`])
})

test('how the bytes are cut plays no part', () => {
  const text = `CLIENT_RANDOM ${RANDOM} ${MASTER}\nnonsense\nCLIENT_TRAFFIC_SECRET_0 ${RANDOM} ${TRAFFIC}\n`
  const whole = parse(text)
  fc.assert(fc.property(fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 1, maxLength: 8 }), (cuts) => {
    const pieces: string[] = []
    for (let at = 0, i = 0; at < text.length; at += cuts[i++ % cuts.length]!) pieces.push(text.slice(at, at + cuts[i % cuts.length]!))
    const cut = parse(...pieces)
    assert.deepEqual([cut.taken, cut.parser.faults], [whole.taken, whole.parser.faults])
  }), { numRuns: 50, examples: [[[1]]] })
})

test('what is not understood is told by its line, never by what it holds', () => {
  const { taken, parser } = parse(`CLIENT_RANDOM ${RANDOM} ${MASTER}\nCLIENT_RANDOM ${RANDOM} secret\nx y\n\n${'z'.repeat(MAX_KEY_LOG_LINE_BYTES + 1)}\nRSA what that\nCLIENT_RANDOM short ${MASTER}\n12 a b\n`)
  assert.equal(taken.length, 1)
  assert.deepEqual(parser.faults.map(({ line }) => line), [2, 3, 5, 6, 7, 8])
  assert.doesNotMatch(JSON.stringify(parser.faults), /secret"|zz|short|what/)
})

test('a line without end and lines without number cost no memory', () => {
  const endless = parse()
  for (let i = 0; i < 200; i++) endless.parser.push(Buffer.alloc(64 * 1024, 0x61))
  assert.equal(endless.parser.faultCount, 1)
  const { parser } = parse('?\n'.repeat(100_000))
  assert.deepEqual([parser.faults.length, parser.faultCount], [MAX_KEY_LOG_FAULTS, 100_000])
})

test('a last line without its newline counts where the log is over', () => {
  const { taken, parser } = parse(`CLIENT_RANDOM ${RANDOM} ${MASTER}`)
  assert.equal(taken.length, 0)
  parser.flush()
  assert.equal(taken.length, 1)
})

test('any bytes are survived', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
    const { parser } = parse(bytes, 'CLIENT_RANDOM ', bytes)
    parser.flush()
  }))
})
