import { initCa } from '../identity/authority/changes.ts'
import { iso } from '../identity/authority/issuer.ts'
import { readAuthorityCertificate } from '../identity/authority/generation.ts'
import { activeRoot } from '../identity/authority/state.ts'
import { caFolder, occasion } from './ca-folder.ts'
import { say, sayWarning } from './say.ts'

export interface CaInitFlags { dir: string, trustDomain: string, name: string, dnsDomain?: string[], maxTtl: number }

/** Prints the files that it wrote, one a line. */
export async function runCaInit(flags: CaInitFlags): Promise<void> {
  const folder = caFolder(flags.dir)
  const settings = { trustDomain: flags.trustDomain, name: flags.name, dnsDomains: flags.dnsDomain ?? [], maxTtlMillis: flags.maxTtl }
  const state = await initCa(folder, settings, occasion())
  const { id, intermediateId } = activeRoot(state)
  const written = [
    folder.certificatePath('root', id), folder.keyPath('root', id), folder.certificatePath('intermediate', intermediateId),
    folder.keyPath('intermediate', intermediateId), folder.statePath, folder.auditPath,
  ]
  process.stdout.write(`${written.join('\n')}\n`)
  const until = async (kind: 'root' | 'intermediate', of: string): Promise<string> => iso((await readAuthorityCertificate(folder, kind, of)).notAfter.getTime())
  say(`trust domain ${state.trustDomain}: root until ${await until('root', id)}, intermediate until ${await until('intermediate', intermediateId)}`)
  const leftovers = await folder.leftovers(state)
  if (leftovers.length > 0) sayWarning(`left alone, of an earlier attempt or another CA: ${leftovers.join(', ')}`)
  say(`next: mtlscope ca issue --dir ${flags.dir} --spiffe spiffe://${state.trustDomain}/NAME, or mtlscope ca serve --dir ${flags.dir}`)
}
