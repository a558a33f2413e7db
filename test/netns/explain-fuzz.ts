import { parseIptablesSave } from '../../src/intercept/netfilter/iptables-save.ts'
import { Netfilter } from '../../src/intercept/netfilter/netfilter.ts'
import { parseNftJson } from '../../src/intercept/netfilter/nft-json.ts'
import type { Parsed, Table } from '../../src/intercept/netfilter/ruleset.ts'
import { ExplainLab } from './explain-lab.ts'
import type { Mismatch } from './explain-lab.ts'
import { drawListing, drawNativeListing } from './mesh-mutation.ts'
import { Dice, drawPacket, drawTables, iptablesText, nftText } from './rule-grammar.ts'

export type FuzzBackend = 'nft' | 'legacy' | 'native'

export interface FuzzResult { packets: number, rules: number, unknown: string[], mismatches: (Mismatch & { seed: number, backend: FuzzBackend, rules: string })[] }

const PACKETS_A_SET = 16

/** Rule sets of the seeds `first` to `first + count - 1`, each applied for real and met by random packets. */
export async function fuzzExplain(first: number, count: number, backends: readonly FuzzBackend[], progress: (seed: number, result: FuzzResult) => void = () => {}): Promise<FuzzResult> {
  const result: FuzzResult = { packets: 0, rules: 0, unknown: [], mismatches: [] }
  for (const backend of backends) {
    const lab = new ExplainLab()
    try {
      await lab.open()
      for (let seed = first; seed < first + count; seed++) {
        if (seed % backends.length !== backends.indexOf(backend)) continue
        await fuzzOne(lab, backend, seed, result)
        progress(seed, result)
      }
    } finally {
      await lab.close()
    }
  }
  return result
}

async function fuzzOne(lab: ExplainLab, backend: FuzzBackend, seed: number, result: FuzzResult): Promise<void> {
  const dice = new Dice(seed)
  const applied = dice.chance(0.3) ? applyListing(lab, backend, dice) : applyDrawn(lab, backend, dice)
  const packets = Array.from({ length: PACKETS_A_SET }, () => drawPacket(dice))
  const { mismatches, unknown } = await lab.compare(new Netfilter(applied.tables), packets)
  result.packets += packets.length
  result.rules++
  result.unknown.push(...unknown)
  for (const mismatch of mismatches) result.mismatches.push({ ...mismatch, seed, backend, rules: applied.text })
}

function applyDrawn(lab: ExplainLab, backend: FuzzBackend, dice: Dice): { tables: Table[], text: string } {
  const v4 = drawTables(dice, 4)
  const v6 = dice.chance(0.7) ? drawTables(dice, 6) : []
  return backend === 'native' ? applyNative(lab, nftText(v4, 4) + nftText(v6, 6)) : applyTables(lab, backend, iptablesText(v4), iptablesText(v6))
}

function applyListing(lab: ExplainLab, backend: FuzzBackend, dice: Dice): { tables: Table[], text: string } {
  return backend === 'native' ? applyNative(lab, drawNativeListing(dice)) : applyTables(lab, backend, drawListing(dice, 4), drawListing(dice, 6))
}

const EMPTY = ['raw', 'mangle', 'nat', 'filter'].map((name) => `*${name}\nCOMMIT\n`).join('')

export function applyTables(lab: ExplainLab, backend: 'nft' | 'legacy', v4: string, v6: string): { tables: Table[], text: string } {
  const texts: string[] = []
  for (const [program, text] of [[`iptables-${backend}`, v4], [`ip6tables-${backend}`, v6]] as const) {
    lab.run(`${program}-restore`, [], EMPTY + defaults(text))
    texts.push(lab.run(`${program}-save`, []))
  }
  const backendName = backend === 'nft' ? 'iptables-nft' : 'iptables-legacy'
  return { tables: [...ok(parseIptablesSave(texts[0]!, { version: 4, backend: backendName })), ...ok(parseIptablesSave(texts[1]!, { version: 6, backend: backendName }))], text: texts.join('') }
}

/** The policies of a rule set that was there before are not taken back by an empty table. */
function defaults(text: string): string {
  return `*filter\n:INPUT ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\nCOMMIT\n${text}`
}

export function applyNative(lab: ExplainLab, text: string): { tables: Table[], text: string } {
  lab.run('nft', ['-f', '-'], `flush ruleset\n${text}`)
  const json = lab.run('nft', ['-j', 'list', 'ruleset'])
  return { tables: ok(parseNftJson(json)), text: lab.run('nft', ['list', 'ruleset']) }
}

function ok(parsed: Parsed): Table[] {
  if (parsed.ok) return parsed.tables
  throw new Error(`${parsed.problem.line}:${parsed.problem.column}: ${parsed.problem.what}`)
}
