import { Command, InvalidArgumentError, Option } from 'commander'
import { MtlscopeError } from '../base/errors.ts'
import type { HubOfDemo } from './demo-viewer.ts'
import type { DemoSettings } from '../demo/settings.ts'
import { sayError } from './say.ts'
import { useColour } from './terminal.ts'
import { port } from './hub-values.ts'
import { count, durationMs } from './values.ts'

interface DemoFlags {
  proxy: 'embedded' | 'envoy'
  interception: DemoSettings['interception']
  for?: number
  count?: number
  verbose?: boolean
  output: 'compact' | 'json'
  rate: number
  utc?: boolean
  inside?: string
  ui?: number | boolean
  open?: boolean
}

const MAX_RATE = 100

const EXAMPLES = `
Examples:
  mtlscope demo                       until Ctrl-C
  mtlscope demo --no-ui               without the viewer that it serves
  mtlscope demo -v --for 30s          every hop of every request, for half a minute
  mtlscope demo --proxy envoy         the same shop with the real Envoy as sidecar
  mtlscope demo -c 20 -o json | jq .  twenty requests as JSON, one a line

Four services in network namespaces of their own: web calls cart and ads, cart calls stock. All but ads have a
sidecar that speaks mutual TLS. Works as root and, where user namespaces are allowed, as an ordinary user.
Nothing is left behind, whatever ends it.`

export function demoCommand(): Command {
  return new Command('demo')
    .description('a small shop with mTLS sidecars on this machine, its traffic, and the tap on it')
    .addOption(new Option('--proxy <engine>', 'what the sidecars are').choices(['embedded', 'envoy']).default('embedded'))
    .addOption(new Option('--interception <how>', 'how connections come to the sidecars; auto: by rules of nft or iptables, where there is neither by listeners that the apps dial').choices(['auto', 'nft', 'iptables', 'listeners']).default('auto'))
    .option('--for <duration>', 'end after this time: 30s, 5m', durationMs)
    .option('-c, --count <n>', 'end after so many requests', count)
    .option('-v, --verbose', 'show the hops of every request, not only of the first between two services')
    .addOption(new Option('-o, --output <format>', 'json: one request a line').choices(['compact', 'json']).default('compact'))
    .option('--rate <n>', `clicks of visitors a second, up to ${MAX_RATE}`, clicks, 4)
    .option('--utc', 'times in UTC instead of local time')
    .option('--ui [port]', 'where the viewer listens (default 8899, the next free one where that is taken; 0: any)', port)
    .option('--no-ui', 'no viewer')
    .option('--no-open', 'do not open a browser')
    .addOption(new Option('--inside <settings>', 'run as first process of the isolated world').hideHelp())
    .addHelpText('after', EXAMPLES)
    .action(runDemo)
}

async function runDemo(flags: DemoFlags): Promise<void> {
  if (flags.inside !== undefined) return runWorld(JSON.parse(flags.inside) as DemoSettings)
  const { runIsolated } = await import('../demo/outside.ts')
  const settings = await settingsOf(flags)
  const viewer = await viewerOf(flags)
  try {
    process.exitCode = await runIsolated([process.execPath, ...process.execArgv, process.argv[1]!, 'demo', '--inside', JSON.stringify(settings)], viewer)
  } finally {
    await viewer?.close()
  }
}

/** A browser is opened for who sits before a terminal, and not for a script. */
async function viewerOf({ ui, open }: DemoFlags): Promise<HubOfDemo | undefined> {
  if (ui === false) return undefined
  const { HubOfDemo: Hub } = await import('./demo-viewer.ts')
  return new Hub({ port: typeof ui === 'number' ? ui : undefined, browser: open !== false && process.stdout.isTTY })
}

/** The first process of the world ends at once when it is done: with it the kernel ends everything that it started. */
async function runWorld(settings: DemoSettings): Promise<never> {
  try {
    const { runInside } = await import('../demo/inside.ts')
    await runInside(settings)
    process.exit(0)
  } catch (error) {
    if (!(error instanceof MtlscopeError)) throw error
    sayError(error)
    process.exit(error.exitCode)
  }
}

async function settingsOf(flags: DemoFlags): Promise<DemoSettings> {
  const { locateEnvoy } = await import('../proxy/envoy-binary.ts')
  return {
    proxy: flags.proxy,
    envoyBinary: flags.proxy === 'envoy' ? locateEnvoy() : undefined,
    interception: flags.interception,
    rate: flags.rate, forMs: flags.for, count: flags.count,
    verbose: flags.verbose ?? false, output: flags.output, utc: flags.utc ?? false,
    colour: useColour(process.stdout),
    viewer: flags.ui !== false,
  }
}

function clicks(text: string): number {
  const value = /^\d{1,3}(?:\.\d+)?$/.test(text) ? Number(text) : NaN
  if (!(value > 0 && value <= MAX_RATE)) throw new InvalidArgumentError(`a number above 0, up to ${MAX_RATE}.`)
  return value
}
