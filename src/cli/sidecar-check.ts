import { MtlscopeError } from '../base/errors.ts'
import { jsonText } from '../base/json-text.ts'
import { openIdentityFiles } from '../identity/identity-files.ts'
import { caOnlyPlaces } from '../proxy/service/ca-only.ts'
import type { SidecarPlan } from '../proxy/sidecar-plan.ts'
import { sayError } from './say.ts'
import type { SidecarFlags } from './sidecar.ts'

/** `--print`: the plan, or what Envoy is given. */
export async function printSidecar(plan: SidecarPlan, engine: SidecarFlags['engine']): Promise<number> {
  const value = engine === 'embedded' ? plan : (await import('../proxy/service/envoy-engine.ts')).bootstrapFor(plan)
  process.stdout.write(`${JSON.stringify(value, null, 2)}\n`)
  return 0
}

interface Found { readonly config: string, readonly ok: boolean, readonly identity?: string, readonly notAfter?: string, readonly open: readonly string[] }

/** `--check`: what can be known without serving. */
export async function checkSidecar(config: string, plan: SidecarPlan, flags: SidecarFlags): Promise<number> {
  const open = caOnlyPlaces(plan)
  try {
    const identity = plan.identity.kind === 'files' ? await firstOf(plan.identity) : undefined
    if (flags.engine === 'envoy') {
      const [{ checkEnvoy }, { locateEnvoy }] = await Promise.all([import('../proxy/service/envoy-engine.ts'), import('../proxy/envoy-binary.ts')])
      await checkEnvoy(locateEnvoy(), plan, identity?.material)
    }
    tell({ config, ok: true, open, ...identity === undefined ? {} : { identity: identity.name, notAfter: new Date(identity.notAfterMs).toISOString() } }, plan, flags)
    return 0
  } catch (error) {
    if (!(error instanceof MtlscopeError)) throw error
    if (flags.output === 'json') process.stdout.write(`${jsonText({ config, ok: false, error: error.code, message: error.message, hint: error.hint })}\n`)
    sayError(error)
    return error.exitCode
  }
}

async function firstOf(paths: Parameters<typeof openIdentityFiles>[0]): Promise<Awaited<ReturnType<typeof openIdentityFiles>['first']>> {
  const source = openIdentityFiles(paths, { changed: () => {}, kept: () => {} })
  try {
    return await source.first
  } finally {
    source.close()
  }
}

function tell(found: Found, plan: SidecarPlan, { output }: SidecarFlags): void {
  if (output === 'json') return void process.stdout.write(`${jsonText(found)}\n`)
  const identity = found.identity === undefined ? `not asked for: it comes from ${plan.identity.kind === 'ca' ? 'a CA' : 'a Workload API'}` : `${found.identity} until ${found.notAfter}`
  process.stdout.write([`config    ${found.config}: good`, `identity  ${identity}`, ...found.open.map((place) => `open      ${place}`), ''].join('\n'))
}
