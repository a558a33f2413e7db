import { mkdirSync } from 'node:fs'
import { MtlscopeError } from '../base/errors.ts'
import { DEFAULT_KEEP, DEFAULT_PORT, openHub } from '../hub/open-hub.ts'
import { PacketSegments } from '../hub/packet-segments.ts'
import type { PacketFilter } from '../net/packet-filter.ts'
import { parsePacketFilter } from '../net/packet-filter.ts'
import { emptyHealth } from '../model/health.ts'
import { openBrowser } from './open-browser.ts'
import { say } from './say.ts'
import { runTapLive } from './tap-live.ts'
import { TapOutput } from './tap-output.ts'
import type { TapPlan } from './tap-plan.ts'
import { UiOutput } from './ui-output.ts'
import { UiReasons } from './ui-reasons.ts'
import { readUiTls } from './ui-tls.ts'

/** Of what may be kept, packets have this part: records are small. */
const PACKET_SHARE = 0.75

/** `tap --ui`: the viewer on what is captured, until Ctrl-C also where the capture ends before. */
export async function runTapUi(plan: TapPlan, signal: AbortSignal): Promise<number> {
  const { flags } = plan
  if (flags.output === 'compact') throw new MtlscopeError('usage', '-o compact and --ui show the same twice', { hint: 'leave out -o, or take -o json for a pipe' })
  const keep = flags.keep ?? DEFAULT_KEEP
  const packetBytes = (keep.sizeBytes ?? Number.MAX_SAFE_INTEGER) * PACKET_SHARE
  const opened = await openHub({
    kind: 'live', title: titleOf(plan), redaction: plan.settings.redaction, replay: true, ...(plan.settings.schemas !== undefined && { schemas: plan.settings.schemas }),
    port: typeof flags.ui === 'number' ? flags.ui : DEFAULT_PORT, host: flags.uiHost, tls: readUiTls(flags.uiTlsCert, flags.uiTlsKey, '--ui-tls-cert and --ui-tls-key'), storeFolder: flags.store,
    keep: { ...keep, ...(keep.sizeBytes !== undefined && { sizeBytes: keep.sizeBytes * (1 - PACKET_SHARE) }) },
    health: emptyHealth, onBug: (error) => console.error(error),
  })
  mkdirSync(opened.folder, { recursive: true, mode: 0o700 })
  const segments = new PacketSegments(opened.folder, packetBytes)
  opened.hub.packets = segments
  const reasons = new UiReasons(plan)
  opened.hub.reasons = () => reasons.source()
  try {
    say(`viewer ${opened.address}   Ctrl-C stops`)
    if (flags.open !== false) openBrowser(opened.address)
    await reasons.readBefore()
    const frames = { ...plan, format: { kind: 'json', proof: true } as const, settings: { ...plan.settings, signatures: true }, dissect: true, frames: true, filter: withoutViewer(plan, opened.port) }
    const code = await runTapLive(frames, signal, (status) => {
      const beside = flags.output === 'json' || plan.writeTo !== undefined ? new TapOutput({ ...plan, dissect: flags.output === 'json' }, status, false) : undefined
      return new UiOutput(opened, segments, beside, flags.count ?? Infinity)
    })
    opened.hub.end()
    if (!signal.aborted) {
      say('the capture has ended; the viewer stays until Ctrl-C')
      await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
    }
    return code
  } finally {
    segments.close()
    await opened.close()
  }
}

/** The viewer's own traffic would be captured, shown, and so make more of it. */
function withoutViewer({ flags: { port = [], notPort = [], host = [] } }: TapPlan, viewerPort: number): PacketFilter {
  return parsePacketFilter({ ports: port, notPorts: [...notPort, String(viewerPort)], hosts: host })
}

function titleOf({ flags, mesh }: TapPlan): string {
  const places = [...flags.netns ?? [], ...(flags.pid ?? []).map((pid) => `pid ${pid}`), ...flags.interface ?? []]
  return places.length > 0 ? places.join(', ') : mesh ? 'mesh of this machine' : 'this machine'
}
