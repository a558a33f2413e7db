import type { Chain, Table } from '../netfilter/ruleset.ts'

/** What is known of the rules of one mesh. */
export interface MeshProfile {
  readonly name: string
  /** Uids (and gids) that its proxy runs under by default. */
  readonly proxyIds: readonly number[]
  /** Marks of its proxy's own packets. */
  readonly proxyMarks: readonly number[]
  /** Ports that its proxy or agent serves itself, so that they are exempted rightly. */
  readonly ownPorts: readonly number[]
  /** Networks that its agents use as a source. */
  readonly ownSources: readonly string[]
}

interface Signature { readonly profile: MeshProfile, readonly chains: RegExp, readonly tables?: RegExp }

const profile = (name: string, proxyIds: readonly number[], ownPorts: readonly number[], proxyMarks: readonly number[] = [], ownSources: readonly string[] = []): MeshProfile =>
  ({ name, proxyIds, proxyMarks, ownPorts, ownSources })

/** The first that fits: chains that only ambient has come before those that both have. */
const SIGNATURES: readonly Signature[] = [
  { profile: profile('Istio ambient', [], [15008], [0x539], ['169.254.7.127', 'fd16:9254:7127:1337:ffff:ffff:ffff:ffff']), chains: /^ISTIO_PRERT$/, tables: /^istio-ambient-/ },
  { profile: profile('Istio', [1337], [15008, 15020, 15021, 15053, 15090], [0x539]), chains: /^ISTIO_/, tables: /^istio-proxy-/ },
  { profile: profile('Linkerd', [2102], [4190, 4191, 4567, 4568]), chains: /^PROXY_INIT_/ },
  { profile: profile('Open Service Mesh', [1500], [15010, 15901, 15902, 15903, 15904]), chains: /^OSM_PROXY_/ },
  { profile: profile('Contrast', [], []), chains: /^(CONTRAST|EDG)_IN/ },
  { profile: profile('mtlscope', [1337], []), chains: /^mtlscope/i, tables: /^mtlscope/i },
]

/** The mesh that wrote the rules, by the names of its chains and tables; undefined where none is known. */
export function recogniseMesh(tables: readonly Table[]): MeshProfile | undefined {
  const chains = tables.flatMap((table) => [...table.chains.keys()])
  return SIGNATURES.find((one) => tables.some((table) => one.tables?.test(table.name) === true) || chains.some((name) => one.chains.test(name)))?.profile
}

/** Whether a chain is of a mesh, and not one that was there before. */
export function isMeshChain({ name, table }: Chain): boolean {
  return SIGNATURES.some((one) => one.chains.test(name) || isMeshTable(table))
}

/** Whether the whole table is of a mesh: so it is where one writes nft itself. */
export function isMeshTable({ name }: Table): boolean {
  return SIGNATURES.some((one) => one.tables?.test(name) === true)
}
