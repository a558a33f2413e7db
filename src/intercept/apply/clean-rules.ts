import { changeScript, hasDeny, liftScript } from './change-script.ts'
import { mustRunInside } from './in-namespace.ts'
import { forgetTables } from './made-tables.ts'
import { readState } from './namespace-state.ts'
import type { Saved } from './namespace-state.ts'
import { hasOwnRules, isOwnNftTable } from './ownership.ts'
import { cleanRoutes, readRoutes } from './policy-routes.ts'
import { findXtables } from './xtables-program.ts'

/**
 * Takes away all rules that init writes, of every preset and backend, with what belongs to them; rules of others stay. False where there was nothing.
 * The namespace is open then. Throws as applyRules does.
 */
export async function cleanRules(netns: string): Promise<boolean> {
  const [state, routes] = await Promise.all([readState(netns), readRoutes(netns, [4, 6])])
  const wasIstio = state.saved.some(({ tables }) => tables.some((table) => [...table.chains.keys()].some((name) => name.startsWith('ISTIO_')))) || state.native.some(({ name }) => name.startsWith('istio-proxy-'))
  const native = state.native.filter(isOwnNftTable)
  if (native.length > 0) await mustRunInside(netns, 'nft', ['-f', '-'], native.map(({ family, name }) => `delete table ${family} ${name}\n`).join(''))
  const dirty = state.saved.filter((saved) => hasDeny(saved) || saved.tables.some(hasOwnRules))
  for (const saved of dirty) await cleanSaved(netns, saved)
  await forgetTables(netns, state.native)
  const hadRoutes = await cleanRoutes(netns, routes, wasIstio)
  return native.length > 0 || dirty.length > 0 || hadRoutes
}

async function cleanSaved(netns: string, saved: Saved): Promise<void> {
  const script = changeScript(saved, saved.version, undefined) + (hasDeny(saved) ? liftScript() : '')
  await mustRunInside(netns, await findXtables(saved.backend, saved.version, 'restore') ?? 'iptables-restore', ['-w', '10', '--noflush'], script)
}
