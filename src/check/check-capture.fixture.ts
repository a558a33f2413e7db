import { fileURLToPath } from 'node:url'
import { KeyLogs } from '../capture/key-logs.ts'
import { DEFAULT_SETTINGS } from '../protocols/protocol.ts'
import { tapFile } from '../tap/offline.ts'
import { isEnough } from './enough.ts'
import { Ledger } from './ledger.ts'
import { buildReport } from './report.ts'
import type { CheckReport } from './verdict.ts'

const CAPTURES = fileURLToPath(new URL('../../test/fixtures/captures/', import.meta.url))

export const SETTINGS = { ...DEFAULT_SETTINGS, bodyLimitBytes: 0, details: false, signatures: true, ciphertextTurns: true }

/** The report of a capture among the fixtures, as `mtlscope check -r` makes it. */
export async function checkCapture(name: string, keyLog?: string): Promise<CheckReport> {
  const ledger = new Ledger()
  const keyLogs = new KeyLogs(keyLog === undefined ? [] : [`${CAPTURES}${keyLog}`])
  let packets = 0
  await tapFile(`${CAPTURES}${name}`, { settings: SETTINGS, keyLogs, frameMarks: true }, {
    message: (flow, message, context) => {
      ledger.add(flow, message, { frameAt: (atMicros) => context.frameAt(atMicros), facts: ledger.read(message), broken: context.broken })
      return keyLog === undefined && isEnough(message, context.said, false)
    },
  }, (health) => { packets = health.packets })
  keyLogs.close()
  ledger.end()
  return buildReport(ledger, { version: '0', source: name, packets, notes: [] })
}
