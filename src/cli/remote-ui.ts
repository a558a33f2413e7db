import { DEFAULT_KEEP, DEFAULT_PORT, openHub } from '../hub/open-hub.ts'
import { emptyHealth } from '../model/health.ts'
import { openBrowser } from './open-browser.ts'
import type { Outside } from './outside.ts'
import { tapNodes } from './remote-tap.ts'
import { say } from './say.ts'
import { StoreOutput } from './store-output.ts'
import type { TapPlan } from './tap-plan.ts'

/** `tap --ui` of pods from outside: a viewer of this machine on what the agents send, until Ctrl-C. */
export async function runRemoteUi(outside: Outside, plan: TapPlan, signal: AbortSignal): Promise<number> {
  const { flags } = plan
  const opened = await openHub({
    kind: 'live', title: titleOf(plan), redaction: plan.settings.redaction, replay: false,
    port: typeof flags.ui === 'number' ? flags.ui : DEFAULT_PORT, host: flags.uiHost, storeFolder: flags.store, keep: flags.keep ?? DEFAULT_KEEP,
    health: emptyHealth, onBug: (error) => console.error(error),
  })
  try {
    say(`viewer ${opened.address}   Ctrl-C stops`)
    if (flags.open !== false) openBrowser(opened.address)
    const code = await tapNodes(outside, { ...plan, format: { kind: 'json' } }, signal, () => new StoreOutput(opened, flags.count ?? Infinity))
    opened.hub.end()
    await outside.close()
    if (!signal.aborted) {
      say('the capture has ended; the viewer stays until Ctrl-C')
      await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
    }
    return code
  } finally {
    await opened.close()
  }
}

function titleOf({ flags }: TapPlan): string {
  return [flags.pods ?? 'pods', flags.allNamespaces === true ? 'everywhere' : flags.namespace === undefined ? '' : `in ${flags.namespace.join(', ')}`].join(' ').trim()
}
