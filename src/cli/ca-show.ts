import { jsonText } from '../base/json-text.ts'
import type { CaStore } from '../identity/authority/ca-store.ts'
import type { CaDescription, CertificateDescription } from '../identity/authority/description.ts'
import { describeCa } from '../identity/authority/description.ts'
import { openIssuer } from '../identity/authority/issuer.ts'
import { rotationText } from './ca-rotate-root.ts'
import type { CaPlaceFlags } from './ca-store.ts'
import { withCaStore } from './ca-store.ts'
import { sayWarning } from './say.ts'

export interface CaShowFlags extends CaPlaceFlags { output: 'text' | 'json' | 'pem' }

export async function runCaShow(flags: CaShowFlags): Promise<void> {
  await withCaStore(flags, (store) => show(store, flags.output))
}

async function show(store: CaStore, output: CaShowFlags['output']): Promise<void> {
  const state = await store.readState()
  if (output === 'pem') {
    process.stdout.write((await openIssuer(store, state)).bundlePem)
    return
  }
  const description = await describeCa(store, state, Date.now())
  for (const warning of description.warnings) sayWarning(warning)
  process.stdout.write(output === 'json' ? `${jsonText(description)}\n` : `${[...caText(description), ...rotationText(state)].join('\n')}\n`)
}

function caText(ca: CaDescription): string[] {
  const { dnsDomains } = ca
  return [
    `trust domain   ${ca.trustDomain}${dnsDomains.length === 0 ? '' : `, DNS names below ${dnsDomains.join(', ')}`}`,
    `name           ${ca.name}`,
    `longest life   ${lifeText(ca.maxTtlSeconds)}`,
    ...ca.roots.flatMap((root) => [`root           ${certificateText(root)}, ${root.role}${root.hasKey ? '' : ', key kept elsewhere'}`, `intermediate   ${certificateText(root.intermediate)}`]),
    ...ca.auditFile === undefined ? [] : [`issued         ${ca.issued}, refused ${ca.refused} (in ${ca.auditFile})`, `tokens         ${ca.tokens}`],
  ]
}

/** In the largest unit that it is a whole number of, as `--ttl` takes it; from two days on in days. */
export function lifeText(seconds: number): string {
  const [unit, name] = ([[86_400, 'd'], [3600, 'h'], [60, 'm']] as const).find(([one]) => seconds % one === 0 && seconds >= (one === 86_400 ? 2 * one : one)) ?? [1, 's']
  return `${seconds / unit}${name}`
}

function certificateText({ id, expiresAt, sha256 }: CertificateDescription): string {
  return `${id} until ${expiresAt}, SHA-256 ${sha256.slice(0, 16)}…`
}
