import type { IpVersion } from '../netfilter/ruleset.ts'
import { planRules } from './plan-rules.ts'
import type { Preset, TableName } from './plan.ts'
import { PRESET_SETTINGS } from './settings.ts'
import type { InterceptSettings } from './settings.ts'
import { additionLines } from './restore-text.ts'

/** The rules of one table in the order in which a packet meets them, as a listing shows them: the kernel's chains first, then the others by name. */
export function listing(preset: Preset, change: Partial<InterceptSettings>, table: TableName, version: IpVersion = 4): string[] {
  const plan = planRules({ ...PRESET_SETTINGS[preset], ...change })
  const rules = additionLines(plan, version, table).filter((line) => line.startsWith('-'))
  return rules.map((line) => line.replace(/^-A |^-I (\S+) \d+/, '$1').replace(' -m comment --comment mtlscope', '').trimStart())
}

/** Those of one chain, without its name. */
export function chain(preset: Preset, change: Partial<InterceptSettings>, table: TableName, name: string, version: IpVersion = 4): string[] {
  return listing(preset, change, table, version).filter((line) => line.startsWith(`${name} `)).map((line) => line.slice(name.length + 1))
}
