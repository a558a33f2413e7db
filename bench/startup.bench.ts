import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Bench, BenchContext, Goal, Row } from './contract.ts'
import { measure } from './measure.ts'

const ROUNDS = 15
const ROOT = fileURLToPath(new URL('../', import.meta.url))
const COMPILED = join(ROOT, 'dist/cli/main.js')
const SOURCE = join(ROOT, 'src/cli/main.ts')

type Command = readonly [program: string, ...args: string[]]

/** Programs in turn, round after round, so that what else the machine does meets all of them alike. Wall time in ms. */
async function inTurn(commands: Readonly<Record<string, Command>>, { progress }: BenchContext): Promise<Map<string, number[]>> {
  const samples = new Map(Object.keys(commands).map((name) => [name, [] as number[]]))
  for (let round = 0; round <= ROUNDS; round++) {
    progress(`round ${round} of ${ROUNDS}`)
    for (const [name, [program, ...args]] of Object.entries(commands)) {
      const { code, wallMs } = await measure(program, args)
      if (code === 127) samples.delete(name)
      else if (code !== 0) throw new Error(`${[program, ...args].join(' ')} ended with code ${code}`)
      // The first round fills the caches of files and of compiled code.
      if (round > 0) samples.get(name)?.push(wallMs)
    }
  }
  return samples
}

function rowsOf(what: string, goal: Goal, samples: ReadonlyMap<string, number[]>, peers: readonly string[]): Row[] {
  const measured = peers.filter((name) => samples.has(name)).map((name) => ({ name, samples: samples.get(name)! }))
  return [
    { metric: `${what}, compiled`, unit: 'ms', samples: samples.get('compiled')!, goal, peers: measured },
    { metric: `${what}, from TypeScript`, unit: 'ms', samples: samples.get('source')!, note: 'how a checkout runs; the claim is about what is published' },
  ]
}

/** The first ten frames of a small generated capture. */
async function writeTenPackets(folder: string): Promise<string> {
  const whole = join(folder, 'whole.pcap')
  const { code } = await measure(process.execPath, [join(ROOT, 'bench/gen/http1-pcap.ts'), '--requests', '4', '--connections', '1', '--out', whole])
  if (code !== 0) throw new Error(`bench/gen/http1-pcap.ts ended with code ${code}`)
  const file = readFileSync(whole)
  const littleEndian = file.readUInt32BE(0) !== 0xa1b2c3d4 && file.readUInt32BE(0) !== 0xa1b23c4d
  let end = 24
  for (let frame = 0; frame < 10; frame++) end += 16 + (littleEndian ? file.readUInt32LE(end + 8) : file.readUInt32BE(end + 8))
  const path = join(folder, 'ten.pcap')
  writeFileSync(path, file.subarray(0, end))
  return path
}

async function run(context: BenchContext): Promise<Row[]> {
  const ten = await writeTenPackets(context.folder)
  const node = process.execPath
  const version = await inTurn({
    compiled: [node, COMPILED, '--version'],
    source: [node, SOURCE, '--version'],
    'node, an empty program': [node, '-e', '0'],
    'tshark -v': ['tshark', '-v'],
  }, context)
  const read = await inTurn({
    compiled: [node, COMPILED, 'tap', '-r', ten],
    source: [node, SOURCE, 'tap', '-r', ten],
    'tshark -r': ['tshark', '-r', ten],
  }, context)
  return [
    ...rowsOf('--version', { atMost: 80 }, version, ['node, an empty program', 'tshark -v']),
    ...rowsOf('tap -r, ten packets', { atMost: 200 }, read, ['tshark -r']),
  ]
}

export const bench: Bench = {
  name: 'startup',
  claim: 'mtlscope --version answers in under 80 ms, tap -r of a ten-packet file in under 200 ms',
  run,
}
