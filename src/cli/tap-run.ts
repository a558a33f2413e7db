import { interruptSignal } from './interrupt.ts'
import { say, sayWarning } from './say.ts'
import { runTapFile } from './tap-file.ts'
import type { TapPlan } from './tap-plan.ts'
import { planTap } from './tap-plan.ts'
import type { TapFlags } from './tap.ts'
import { useColour } from './terminal.ts'

/** Runs `mtlscope tap`; resolves with the exit code. */
export async function runTap(flags: TapFlags): Promise<number> {
  // A terminal that does not know its size says 0.
  const plan = await withDecodeAs(await withSchemas(planTap(flags, { stdout: process.stdout.isTTY === true, colour: flags.colour === true || useColour(process.stdout), columns: (flags.columns ?? process.stdout.columns) || undefined })))
  warnOfRedaction(plan)
  const wanted = plan.messageFilter === undefined ? undefined : (await import('../tap/message-filter.ts')).messageTest(plan.messageFilter)
  const signal = interruptSignal()
  try {
    if (flags.read !== undefined) return await runTapFile(flags.read, plan, signal, undefined, wanted)
    if (flags.sidecar !== undefined) {
      const { openSidecarTap } = await import('./tap-sidecar.ts')
      return await runTapFile(`sidecar ${flags.sidecar}`, plan, signal, await openSidecarTap(flags.sidecar, signal), wanted)
    }
    if (plan.pods && await (await import('./outside.ts')).isFromOutside(flags)) {
      const { runTapRemote } = await import('./remote-tap.ts')
      return await runTapRemote(plan, signal)
    }
    if (flags.ui !== undefined) {
      const { runTapUi } = await import('./tap-ui.ts')
      return await runTapUi(plan, signal)
    }
    // Live capture loads the system call layer; a file needs none of it.
    const { runTapLive } = await import('./tap-live.ts')
    return await runTapLive(flags.podsFrom === undefined ? plan : { ...plan, flowPrefix: randomPrefix() }, signal)
  } finally {
    if (flags.podsFrom !== undefined) (await import('./session-input.ts')).SessionInput.open().release()
    signal.dispose()
  }
}

/** Flows of several nodes come together in one list: their numbers must not be the same. */
export function randomPrefix(): string {
  return `${Math.floor(Math.random() * 36 ** 6).toString(36)}.`
}

/** `--proto`, read before anything is captured. */
export async function withSchemas(plan: TapPlan): Promise<TapPlan> {
  if (plan.flags.proto === undefined) return plan
  const { readSchemas } = await import('../capture/schemas.ts')
  return { ...plan, settings: { ...plan.settings, schemas: await readSchemas(plan.flags.proto) } }
}

/** `--decode-as`: the names are those of the registry, which a live capture's main thread does not load otherwise. */
export async function withDecodeAs(plan: TapPlan): Promise<TapPlan> {
  if (plan.flags.decodeAs === undefined) return plan
  const { parseDecodeAs } = await import('../protocols/decode-as.ts')
  return { ...plan, decodeAs: parseDecodeAs(plan.flags.decodeAs) }
}

const NOT_REDACTED = ', with the passwords and tokens that are in them: redaction does not change packets'

function warnOfRedaction({ flags, writeTo }: TapPlan): void {
  if (flags.redact === false) sayWarning('nothing is redacted: passwords, cookies and tokens are shown as they were sent')
  else if (writeTo !== undefined) sayWarning(`packets are written as they were captured${NOT_REDACTED}`)
  else if (flags.ui !== undefined) say(`the viewer keeps packets as they were captured${NOT_REDACTED}`)
}
