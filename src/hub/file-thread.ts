import type { MessagePort } from 'node:worker_threads'
import { parentPort, workerData } from 'node:worker_threads'
import { MtlscopeError } from '../base/errors.ts'
import { KeyLogs } from '../capture/key-logs.ts'
import type { FlowInfo } from '../model/flow.ts'
import type { Health } from '../model/health.ts'
import { emptyHealth } from '../model/health.ts'
import type { Message } from '../model/message.ts'
import type { DecodeAs } from '../protocols/decode-as.ts'
import type { Settings } from '../protocols/protocol.ts'
import { redactorOf } from '../protocols/redaction.ts'
import { readHar } from '../store/har-import.ts'
import type { FlowContext } from '../tap/engine.ts'
import { tapFile } from '../tap/offline.ts'
import { LineBatch, lineMaker } from '../tap/output.ts'
import { readHarText } from './har-file.ts'
import { FileCredit } from './file-credit.ts'

export interface FileSetup {
  /** Read one after the other. */
  readonly paths: readonly string[]
  readonly settings: Settings
  readonly keyLogs: readonly string[]
  readonly decodeAs: DecodeAs | undefined
  readonly credit: SharedArrayBuffer
}

export type FileReport =
  | { readonly kind: 'lines', readonly text: Uint8Array, readonly lines: number }
  | { readonly kind: 'progress', readonly file: number, readonly readBytes: number, readonly totalBytes: number | undefined }
  /** All that could be read of a file has been handed over. */
  | { readonly kind: 'done', readonly file: number, readonly health: Health | undefined, readonly warnings: readonly string[], readonly error?: { readonly code: string, readonly message: string, readonly hint?: string } }

const FLUSH_BYTES = 256 * 1024
const PROGRESS_MS = 100
/** Records of a HAR handed over at once. */
const HAR_BATCH = 200

const port = parentPort as MessagePort
const setup = workerData as FileSetup
const credit = new FileCredit(setup.credit)
const batch = new LineBatch(lineMaker({ kind: 'json', proof: true })!)
/** Of the ids of flows: they are unique within a file. */
let prefix = ''
/** Of the section that is being read: this program wrote it. */
let ours = false
let toldMs = 0

function report(message: FileReport, transfer: ArrayBuffer[] = []): void {
  port.postMessage(message, transfer)
}

function flush(): void {
  if (batch.lines === 0) return
  const { text, lines } = batch.take()
  const copy = new Uint8Array(text)
  credit.take(copy.length)
  report({ kind: 'lines', text: copy, lines }, [copy.buffer])
}

const flows = new WeakMap<FlowInfo, FlowInfo>()

function ownFlow(flow: FlowInfo): FlowInfo {
  let own = flows.get(flow)
  if (own === undefined) flows.set(flow, own = { ...ours ? inNamespace(flow) : flow, id: prefix + flow.id })
  return own
}

/** In a file of ours an interface is called `NAMESPACE`, or `NAMESPACE/INTERFACE`; `any` and what has neither is this machine's own. */
function inNamespace(flow: FlowInfo): FlowInfo {
  const [, namespace, own] = /^(.*?)(?:\/([^/]*))?$/s.exec(flow.interface ?? '') ?? []
  if (namespace === undefined || namespace === '' || namespace === 'any') return flow
  const { interface: _whole, ...rest } = flow
  return { ...rest, namespace, ...(own !== undefined && { interface: own }) }
}

function message(flow: FlowInfo, m: Message, { broken }: FlowContext): void {
  batch.add(prefix === '' && !ours ? flow : ownFlow(flow), m, broken)
  if (batch.sizeBytes > FLUSH_BYTES) flush()
}

function progress(file: number, readBytes: number, totalBytes: number | undefined): void {
  const nowMs = Date.now()
  if (nowMs - toldMs < PROGRESS_MS) return
  toldMs = nowMs
  report({ kind: 'progress', file, readBytes, totalBytes })
}

async function read(path: string, file: number): Promise<void> {
  const keyLogs = new KeyLogs(setup.keyLogs)
  let health: Health | undefined
  let error: { code: string, message: string, hint?: string } | undefined
  ours = false
  prefix = setup.paths.length === 1 ? '' : `${file + 1}.`
  try {
    if (await readHarFile(path, file)) return
    keyLogs.require()
    const options = { settings: { ...setup.settings, signatures: true }, decodeAs: setup.decodeAs, keyLogs, onProgress: (got: number, total: number | undefined) => progress(file, got, total) }
    await tapFile(path, options, { message, section: (isOurs) => { ours = isOurs } }, (h) => { health = h })
  } catch (thrown) {
    if (!(thrown instanceof MtlscopeError)) throw thrown
    error = { code: thrown.code, message: thrown.message, ...(thrown.hint !== undefined && { hint: thrown.hint }) }
  } finally {
    keyLogs.close()
  }
  flush()
  report({ kind: 'done', file, health, warnings: keyLogs.warnings(), ...(error && { error }) })
}

/** False where the file is no HAR. */
async function readHarFile(path: string, file: number): Promise<boolean> {
  const found = path === '-' ? undefined : readHarText(path)
  if (found === undefined) return false
  const har = readHar(found, redactorOf(setup.settings.redaction))
  if (har === undefined) throw new MtlscopeError('not-a-capture', `${path} is no HAR: it is no JSON, or has no log.entries`)
  for (let i = 0; i < har.records.length; i += HAR_BATCH) {
    const text = Buffer.from(har.records.slice(i, i + HAR_BATCH).map((record) => `${JSON.stringify({ ...record, flow: prefix + record.flow })}\n`).join(''))
    credit.take(text.length)
    report({ kind: 'lines', text, lines: Math.min(HAR_BATCH, har.records.length - i) })
  }
  report({ kind: 'done', file, health: { ...emptyHealth(), messages: har.records.length }, warnings: har.problems.map((problem) => `${path}: ${problem}`) })
  return true
}

async function run(): Promise<void> {
  for (const [file, path] of setup.paths.entries()) await read(path, file)
  port.close()
}

void run()
