import { readFileSync } from 'node:fs'
import { MtlscopeError } from '../base/errors.ts'
import { cannotRead } from '../base/file-errors.ts'
import type { Baseline } from '../check/baseline.ts'
import { parseBaseline } from '../check/baseline.ts'
import { AllowPattern } from '../check/expectation.ts'
import { parseAddress } from '../net/address.ts'
import { messageTest } from '../tap/message-filter.ts'
import type { CheckFlags } from './check.ts'
import type { TapPlan } from './tap-plan.ts'
import { planTap } from './tap-plan.ts'

/** What `check` comes to: a tap that reads evidence, and what must hold of it. */
export interface CheckPlan {
  readonly flags: CheckFlags
  readonly tap: TapPlan
  readonly allow: readonly AllowPattern[]
  readonly baseline: Baseline | undefined
  readonly canary: CanaryPlan | undefined
}

/** Of --canary: from which place, and to whom. */
export interface CanaryPlan { readonly from: string, readonly host: string | undefined, readonly ip: string, readonly port: number }

/** Of each body, for the comparison by digest and for filters. */
const DIGESTED_BODY_BYTES = 64 * 1024

/** Throws MtlscopeError 'usage', 'bad-filter', or 'cannot-read' and 'bad-report' of a baseline. */
export function planCheck(flags: CheckFlags): CheckPlan {
  refuse(flags.yes === true && flags.probe !== true, '--yes answers what --probe asks', 'add --probe, or leave out --yes')
  refuse(flags.newOnly === true && flags.expect === undefined, '--new-only says which connections --expect judges', 'add --expect, or leave out --new-only')
  refuse(flags.canary !== undefined && flags.read !== undefined, '--canary sends a request, and -r reads what was', 'watch live (--mesh, --netns, -i), or leave out --canary')
  refuse(flags.probe === true && flags.read !== undefined, '--probe asks the servers of now, and -r reads what was', 'watch live (--mesh, --netns, -i), or leave out --probe')
  // With secrets what was decrypted is compared with what was read in the clear.
  const decrypts = flags.keylog !== undefined
  if (flags.filter !== undefined) messageTest(flags.filter)
  const looksInside = decrypts || flags.filter !== undefined
  const tap = planTap({ ...flags, command: 'check', output: 'json', bodyLimit: 0 }, { stdout: false, colour: false })
  return {
    flags,
    tap: { ...tap, format: { kind: 'evidence', digests: decrypts }, keepsRights: flags.probe === true || flags.canary !== undefined || flags.netns !== undefined || flags.pid !== undefined, settings: { ...tap.settings, details: looksInside, bodyLimitBytes: looksInside ? DIGESTED_BODY_BYTES : 0, signatures: true, ciphertextTurns: true } },
    allow: (flags.allow ?? []).map(planAllow),
    canary: flags.canary === undefined ? undefined : planCanary(flags.canary),
    baseline: flags.baseline === undefined ? undefined : readBaseline(flags.baseline),
  }
}

function refuse(when: boolean, message: string, hint: string): void {
  if (when) throw new MtlscopeError('usage', message, { hint })
}

function planAllow(text: string): AllowPattern {
  refuse(!AllowPattern.isEdge(text), `not an edge: ${text === '' ? "''" : text}`, `an edge is 'client -> server:port', * for any characters; example: --allow '* -> prometheus:9090'`)
  return new AllowPattern(text)
}

const CANARY = /^([^=]+)=(?:([^@]+)@)?(?:\[([0-9a-f:.]+)\]|([0-9.]+)):(\d{1,5})$/i

function planCanary(text: string): CanaryPlan {
  const [, from, host, ip6, ip4, port] = CANARY.exec(text) ?? []
  const ip = ip6 ?? ip4
  if (ip === undefined || parseAddress(ip) === undefined || !(Number(port) > 0 && Number(port) < 65_536)) {
    throw new MtlscopeError('usage', `not a way for a canary: ${text}`, { hint: 'example: --canary web=10.0.0.7:8080, or web=cart@10.0.0.7:8080 with the host that is asked for' })
  }
  return { from: from!, host, ip, port: Number(port) }
}

function readBaseline(path: string): Baseline {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (cause) {
    throw cannotRead(path, cause)
  }
  const baseline = parseBaseline(text)
  if (baseline === undefined) throw new MtlscopeError('bad-report', `${path} is no report of mtlscope check`, { hint: 'make one: mtlscope check … -o json > before.json', facts: { path } })
  return baseline
}
