import { setTimeout as sleep } from 'node:timers/promises'
import { DEFAULT_SETTINGS } from '../protocols/protocol.ts'
import type { Capture } from '../model/flow.ts'
import type { LiveSource } from '../tap/control.ts'
import { openLiveTap } from '../tap/live-messages.ts'
import type { LiveTap } from '../tap/live.ts'
import { DemoOutput } from './demo-output.ts'
import { openLifeline } from './lifeline.ts'
import { netnsPath } from './network.ts'
import { SHOP } from './plan.ts'
import type { DemoSettings } from './settings.ts'
import { openTerminal } from './terminal.ts'
import type { ViewerPlace } from './viewer.ts'
import { ViewerFeed } from './viewer-feed.ts'
import { World } from './world.ts'

const TICK_MS = 50
const LAST_ANSWER_MS = 1000
/** Also where a terminal says that it has none, as one does that nobody has sized. */
const DEFAULT_COLUMNS = 80

/** The demo itself, as the first process of its world. Resolves when everything was shown; the caller then ends the process. */
export async function runInside(settings: DemoSettings): Promise<void> {
  const lifeline = openLifeline(process.stdin)
  const terminal = openTerminal(process.stdout, () => lifeline.columns || process.stdout.columns || DEFAULT_COLUMNS)
  const feed = settings.viewer ? new ViewerFeed() : undefined
  const output = new DemoOutput(settings, terminal, feed)
  const world = new World({ envoy: settings.proxy === 'envoy' ? settings.envoyBinary : undefined, interception: settings.interception, rate: settings.rate })
  const tap = openLiveTap({ settings: { ...DEFAULT_SETTINGS, ciphertextTurns: true } }, output)
  const cut = Promise.race([lifeline.cut, terminal.closed])
  await Promise.race([open(world, tap, output, captureOf(settings), settings.viewer ? lifeline.viewer : undefined), world.failed, cut])
  await Promise.race([until(settings, cut, output), world.failed])
  await world.stopTraffic(LAST_ANSWER_MS)
  output.end(await tap.stop())
  await feed?.end()
}

/** Listens before anybody speaks, so that no connection is joined late. */
async function open(world: World, tap: LiveTap, output: DemoOutput, capture: Capture, viewer: Promise<ViewerPlace> | undefined): Promise<void> {
  output.step('making network namespaces')
  const interception = await world.openNetwork()
  tap.expect(SHOP.length)
  const opening = Promise.all([world.openServices(), ...sources(capture).map((source) => tap.add(source))])
  // It is waited for below; until then nobody listens to what goes wrong.
  opening.catch(() => {})
  output.header(interception, await viewer)
  output.step('starting apps and sidecars, issuing identities')
  await opening
  output.step('waiting for the first request')
  world.startTraffic()
}

/** One where each sidecar is: ads has none, and what it says is seen on the wire from web's side. */
function sources(capture: Capture): LiveSource[] {
  const names = Object.fromEntries(SHOP.flatMap(({ name, ip }) => [[ip, name]]))
  return SHOP.filter((service) => service.sidecar).map(({ name }) => ({
    path: netnsPath(name), name, capture, interfaces: ['lo', 'eth0'], names,
  }))
}

async function until(settings: DemoSettings, cut: Promise<void>, output: DemoOutput): Promise<void> {
  let ended = false
  void cut.then(() => { ended = true })
  const endMs = performance.now() + (settings.forMs ?? Infinity)
  while (!ended && !output.full && performance.now() < endMs) {
    await sleep(TICK_MS)
    output.tick()
  }
}

function captureOf(settings: DemoSettings): Capture {
  return settings.proxy === 'envoy' ? 'envoy' : 'sidecar'
}
