import { MtlscopeError } from '../../src/base/errors.ts'
import type { FlowInfo } from '../../src/model/flow.ts'
import type { Health } from '../../src/model/health.ts'
import { emptyHealth } from '../../src/model/health.ts'
import { jsonLine } from '../../src/tap/json-line.ts'
import type { JsonMessage } from '../../src/tap/json-line.ts'
import { tapFile } from '../../src/tap/offline.ts'
import type { Settings } from '../../src/protocols/protocol.ts'
import { DEFAULT_SETTINGS } from '../../src/protocols/protocol.ts'

export interface Tapped { readonly flow: FlowInfo, readonly message: JsonMessage }

const BODY_LIMIT_BYTES = 16 * 1024 * 1024

/** All messages of a capture, as they read in JSON. `error` is how a broken file ended. */
export async function tapMessages(path: string, more: Partial<Settings> = {}): Promise<{ messages: Tapped[], health: Health, error?: MtlscopeError }> {
  const messages: Tapped[] = []
  let health = emptyHealth()
  const settings = { ...DEFAULT_SETTINGS, bodyLimitBytes: BODY_LIMIT_BYTES, ciphertextTurns: false, ...more }
  try {
    await tapFile(path, { settings }, {
      message: (flow, m) => messages.push({ flow, message: JSON.parse(jsonLine(flow, m)) as JsonMessage }),
    }, (h) => { health = h })
  } catch (error) {
    if (error instanceof MtlscopeError) return { messages, health, error }
    throw error
  }
  return { messages, health }
}

/** Messages of each connection, in the order in which the connections were first seen. */
export function byFlow(messages: readonly Tapped[]): Map<string, Tapped[]> {
  const flows = new Map<string, Tapped[]>()
  for (const tapped of messages) {
    const list = flows.get(tapped.flow.id)
    if (list === undefined) flows.set(tapped.flow.id, [tapped])
    else list.push(tapped)
  }
  return new Map([...flows].sort(([, a], [, b]) => a[0]!.flow.firstMicros - b[0]!.flow.firstMicros))
}

export function endpoint(e: { ip: string, port: number }): string {
  return `${e.ip} ${e.port}`
}
