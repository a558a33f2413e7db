import { MtlscopeError } from '../base/errors.ts'
import { sourceProblem } from '../capture/open-source.ts'
import { fileState, readIntoStore } from '../hub/file-reading.ts'
import type { OpenedHub } from '../hub/open-hub.ts'
import { openHub } from '../hub/open-hub.ts'
import { addHealth, emptyHealth } from '../model/health.ts'
import type { DecodeAs } from '../protocols/decode-as.ts'
import type { Settings } from '../protocols/protocol.ts'
import { DEFAULT_SETTINGS } from '../protocols/protocol.ts'
import { checkFilter } from '../store/filter/filter.ts'
import { interruptSignal } from './interrupt.ts'
import { openBrowser } from './open-browser.ts'
import { planRedaction } from './redaction-rules.ts'
import { say, sayError, sayWarning } from './say.ts'
import { readUiTls } from './ui-tls.ts'
import type { ViewFlags } from './view.ts'

/** Runs `mtlscope view` until Ctrl-C, or until there turns out to be nothing to look at; resolves with the exit code. */
export async function runView(files: readonly string[], flags: ViewFlags): Promise<number> {
  if (files.length === 0 && flags.store === undefined) throw new MtlscopeError('usage', 'there is nothing to view', { hint: 'mtlscope view capture.pcapng, or --store DIR of an earlier run' })
  requireFilter(flags.filter)
  requireOneOf(files)
  const settings = await settingsOf(flags)
  const decodeAs = await decodeAsOf(flags)
  const signal = interruptSignal()
  const health = emptyHealth()
  const opened = await openHub({
    kind: 'file', title: files.map((path) => path.split('/').at(-1)).join(', ') || flags.store!, redaction: settings.redaction, replay: true, ...(settings.schemas !== undefined && { schemas: settings.schemas }),
    host: flags.host, port: flags.port, tls: readUiTls(flags.tlsCert, flags.tlsKey, '--tls-cert and --tls-key'), storeFolder: flags.store, keep: flags.keep ?? {}, health: () => health, onBug: (error) => console.error(error),
  })
  try {
    tellAddress(opened, flags)
    const isRead = await readFiles(files, { settings, keyLogs: flags.keylog ?? [], decodeAs }, opened, (part) => addHealth(health, part), signal)
    opened.hub.end()
    if (!isRead && health.messages === 0 && flags.store === undefined && !signal.aborted) return 1
    if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
  } finally {
    await opened.close()
    signal.dispose()
  }
  return 0
}

/** `--filter`, before anything is opened. */
export function requireFilter(text: string | undefined): void {
  const check = checkFilter(text ?? '')
  if (check.ok) return
  const { message, from, hint } = check.problem
  throw new MtlscopeError('bad-filter', `--filter: ${message}, at character ${from + 1}`, { hint: hint ?? 'the language: docs/filter.md' })
}

/** Before a port is taken and a browser opened; where one file of several is there, the others are told of as they are read. */
function requireOneOf(files: readonly string[]): void {
  const problems = files.map(sourceProblem).filter((problem) => problem !== undefined)
  if (problems.length === 0 || problems.length < files.length) return
  for (const problem of problems.slice(0, -1)) sayError(problem)
  throw problems.at(-1)!
}

function tellAddress(opened: OpenedHub, flags: ViewFlags): void {
  const [place, token = ''] = opened.address.split('#')
  const address = `${place}${flags.filter === undefined ? '' : `?q=${encodeURIComponent(flags.filter)}`}${token === '' ? '' : `#${token}`}`
  say(`viewer ${address}   Ctrl-C stops`)
  if (flags.open) openBrowser(address)
}

/** False where each of them has a problem, which was told. */
async function readFiles(files: readonly string[], setup: { settings: Settings, keyLogs: readonly string[], decodeAs: DecodeAs | undefined }, { hub }: OpenedHub, addCounts: (health: ReturnType<typeof emptyHealth>) => void, signal: AbortSignal): Promise<boolean> {
  if (files.length === 0) return true
  const states = files.map(fileState)
  hub.files.push(...states)
  await readIntoStore(setup, states, (lines) => hub.store.add(lines), ({ path }, { health, warnings, error }) => {
    if (health !== undefined) addCounts(health)
    for (const text of warnings) sayWarning(text)
    if (error !== undefined) sayError(new MtlscopeError(error.code as MtlscopeError['code'], error.message, { hint: error.hint }))
    else say(`read ${path}`)
  }, signal)
  return states.some(({ problem }) => problem === undefined)
}

async function settingsOf(flags: ViewFlags): Promise<Settings> {
  const settings: Settings = { ...DEFAULT_SETTINGS, bodyLimitBytes: flags.bodyLimit, redaction: planRedaction(flags.redact) }
  if (flags.proto === undefined) return settings
  const { readSchemas } = await import('../capture/schemas.ts')
  return { ...settings, schemas: await readSchemas(flags.proto) }
}

async function decodeAsOf(flags: ViewFlags): Promise<DecodeAs | undefined> {
  if (flags.decodeAs === undefined) return undefined
  const { parseDecodeAs } = await import('../protocols/decode-as.ts')
  return parseDecodeAs(flags.decodeAs)
}
