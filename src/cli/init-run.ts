import { MtlscopeError } from '../base/errors.ts'
import { jsonText } from '../base/json-text.ts'
import { applyRules, verifyRules } from '../intercept/apply/apply-rules.ts'
import type { Place } from '../intercept/apply/apply-rules.ts'
import { cleanRules } from '../intercept/apply/clean-rules.ts'
import { refuseHost } from '../intercept/apply/refusal.ts'
import type { InterceptBackend } from '../intercept/apply/difference.ts'
import { nftText } from '../intercept/plan/nft-text.ts'
import type { Plan } from '../intercept/plan/plan.ts'
import { planRules } from '../intercept/plan/plan-rules.ts'
import { restoreText } from '../intercept/plan/restore-text.ts'
import { listAddresses } from '../sys/interfaces.ts'
import { netnsInode } from '../sys/netns.ts'
import { printable } from '../tap/printable.ts'
import type { InitFlags } from './init.ts'
import { namedBackend, namedPlace, namespaceAddresses } from './init-place.ts'
import type { NamedPlace } from './init-place.ts'
import { readNamespaceProcesses } from './init-processes.ts'
import { initSettings } from './init-settings.ts'
import { sayWarning } from './say.ts'
import { SyncOutput } from './stdout.ts'

type Environment = Readonly<Record<string, string | undefined>>

const AWAIT_MS = 120_000

/** The exit code. */
export async function runInit(given: InitFlags, env: Environment): Promise<number> {
  const flags: InitFlags = { ...given, print: given.print ?? given.dryRun, clean: given.clean ?? given.cleanupOnly }
  const [wanted, second] = (['print', 'verify', 'probe', 'clean'] as const).filter((flag) => flags[flag] === true)
  if (second !== undefined) throw new MtlscopeError('usage', `only one of --${wanted!} and --${second}`, { hint: 'see: mtlscope init --help' })
  if (flags.await !== undefined) {
    if (wanted !== undefined) throw new MtlscopeError('usage', `only one of --await and --${wanted}`, { hint: 'see: mtlscope init --help' })
    return await (await import('./init-await.ts')).runInitAwait(flags.await === true ? AWAIT_MS : flags.await)
  }
  const place = namedPlace(flags)
  const backend = namedBackend(flags)
  const output = new SyncOutput(1, 'the output')
  const tell = (text: string, value: object): void => output.write(flags.output === 'json' ? `${jsonText(value)}\n` : text)
  if (wanted === 'clean') return clean(place, tell)
  const isNamed = [flags.netns, flags.pid, flags.networkNamespace].some((flag) => flag !== undefined && flag !== '')
  if (wanted === undefined) refuseHost(place.path, flags.force === true)
  const addresses = isNamed || wanted !== 'print' ? namespaceAddresses(place.path) : listAddresses().map(({ ip }) => ip)
  const settings = initSettings(flags, env, addresses)
  if (flags.redirectDns === true && settings.dns === 'no') sayWarning('/etc/resolv.conf names no resolver: DNS is not redirected (--capture-all-dns would)')
  const plan = planRules(settings)
  if (wanted === 'print') return print(plan, backend, tell)
  const where: Place = { netns: place.path, force: flags.force === true, ...backend === undefined ? {} : { backend }, processes: readNamespaceProcesses(flags.procfs, netnsInode(place.path)) }
  if (wanted === 'verify') return verify(plan, where, place, tell)
  if (wanted === 'probe') return (await import('./init-probe.ts')).probe(plan, place, tell)
  return apply(plan, where, place, tell)
}

export type Tell = (text: string, value: object) => void

async function clean({ path, name }: NamedPlace, tell: Tell): Promise<number> {
  const changed = await cleanRules(path)
  tell(changed ? `${name}: the rules are gone, and nothing is intercepted any more\n` : `${name}: no rules of ours, nothing changed\n`, { place: name, changed })
  return 0
}

function print(plan: Plan, wanted: InterceptBackend | undefined, tell: Tell): number {
  const backend = wanted ?? (plan.preset === 'mtlscope' ? 'nft' : 'iptables-nft')
  const parts = backend === 'nft' ? [`# nft -f -\n${nftText(plan)}`] : plan.versions.map((version) => `# ip${version === 6 ? '6' : ''}tables-restore --noflush\n${restoreText(plan, version)}`)
  const routes = plan.routes.flatMap(({ version, mark, table, priority }) => [`# ip -${version} rule add fwmark ${mark} lookup ${table} priority ${priority}`, `# ip -${version} route replace local default dev lo table ${table}`])
  const addresses = plan.addresses.map(({ version, address, length }) => `# ip -${version} addr add ${address}/${length} dev lo`)
  const lines = [...routes, ...addresses, ...exemptionLines(plan).map((line) => `# ${line}`)]
  tell(`${parts.join('')}${lines.map((line) => `${line}\n`).join('')}`, { backend, plan })
  return 0
}

function exemptionLines({ exemptions }: Plan): string[] {
  return exemptions.map((what, i) => `${i === 0 ? 'not intercepted: ' : '                 '}${what}`)
}

async function apply(plan: Plan, where: Place, { name }: NamedPlace, tell: Tell): Promise<number> {
  const { backend, changed } = await applyRules(plan, where)
  const first = `${name}: ${changed ? `rules of ${plan.preset} set with ${backend}` : `rules of ${plan.preset} are in place (${backend}), nothing changed`}`
  const { inboundPort, outboundPort } = plan.proxy
  const ways = [...inboundPort === undefined ? [] : [`inbound TCP to port ${inboundPort}`], ...outboundPort === undefined ? [] : [`outbound TCP to port ${outboundPort}`]]
  tell(`${[first, `intercepted:     ${ways.join(', ')}`, ...exemptionLines(plan)].join('\n')}\n`, { place: name, preset: plan.preset, backend, changed, proxy: plan.proxy, exemptions: plan.exemptions })
  return 0
}

async function verify(plan: Plan, where: Place, { name }: NamedPlace, tell: Tell): Promise<number> {
  const { backend, differences } = await verifyRules(plan, where)
  const text = differences.length === 0 ? `${name}: every rule of ${plan.preset} is in its place (${backend})\n` : `${differences.map((one) => printable(`${name}: ${one}`)).join('\n')}\n`
  tell(text, { place: name, preset: plan.preset, backend, differences })
  return differences.length === 0 ? 0 : 1
}
