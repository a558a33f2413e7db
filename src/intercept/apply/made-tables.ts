import { findProgram } from '../../sys/exec.ts'
import type { IpVersion, Table } from '../netfilter/ruleset.ts'
import { mustRunInside, runInside } from './in-namespace.ts'
import { readSaved } from './namespace-state.ts'
import { MADE_TABLE } from './ownership.ts'

/** A table of iptables-nft; legacy's cannot be taken away again. */
export interface MadeTable { readonly version: IpVersion, readonly name: string }

function family(version: IpVersion): string {
  return version === 4 ? 'ip' : 'ip6'
}

/** iptables-nft makes tables and never takes one away. Those that we made are remembered in one of nft, so that --clean leaves none. */
export async function rememberTables(netns: string, made: readonly MadeTable[], idle: readonly MadeTable[]): Promise<void> {
  if (made.length + idle.length === 0 || findProgram('nft') === undefined) return
  const script = [
    ...idle.map(({ version, name }) => `delete table ${family(version)} ${name}`),
    ...made.length === 0 ? [] : [`add table inet ${MADE_TABLE}`],
    ...made.map(({ version, name }) => `add chain inet ${MADE_TABLE} ${family(version)}_${name}`),
  ]
  // A convenience of --clean: without it empty tables stay.
  await runInside(netns, 'nft', ['-f', '-'], `${script.join('\n')}\n`)
}

function rememberedTables(native: readonly Table[]): MadeTable[] {
  const table = native.find(({ family: kind, name }) => kind === 'inet' && name === MADE_TABLE)
  return [...table?.chains.keys() ?? []].flatMap((text) => {
    const [kind, name] = text.split('_', 2)
    return name === undefined ? [] : [{ version: kind === 'ip' ? 4 : 6, name }]
  })
}

/** Takes away the tables that were remembered and that nobody uses now. */
export async function forgetTables(netns: string, native: readonly Table[]): Promise<void> {
  if (!native.some(({ name }) => name === MADE_TABLE)) return
  const made = rememberedTables(native)
  const unused: string[] = []
  for (const version of [4, 6] as const) {
    const saved = made.some((one) => one.version === version) ? await readSaved(netns, 'iptables-nft', version) : undefined
    for (const table of saved?.tables ?? []) if (isUnused(table) && made.some((one) => one.version === version && one.name === table.name)) unused.push(`delete table ${table.family} ${table.name}`)
  }
  await mustRunInside(netns, 'nft', ['-f', '-'], `${[...unused, `delete table inet ${MADE_TABLE}`].join('\n')}\n`)
}

function isUnused(table: Table): boolean {
  return [...table.chains.values()].every((chain) => chain.rules.length === 0 && chain.base?.policy === 'accept')
}
