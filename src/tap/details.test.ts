// What lines are made of, by the quick way and by the plain one.
import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import test from 'node:test'
import type { Message } from '../model/message.ts'
import type { Settings } from '../protocols/protocol.ts'
import { DEFAULT_SETTINGS } from '../protocols/protocol.ts'
import { JsonLines, jsonLine } from './json-line.ts'
import { LineBytes } from './line-bytes.ts'
import { tapFile } from './offline.ts'
import { lineMaker } from './output.ts'

const FOLDER = fileURLToPath(new URL('../../test/fixtures/captures/', import.meta.url))
const captures = readdirSync(FOLDER).filter((name) => /\.pcap(ng)?$/.test(name) && /http1|graphql|grpc|websocket|envoy|nginx|wrk|upgrade/.test(name))

async function textOf(name: string, settings: Settings, add: ReturnType<typeof lineMaker>): Promise<string> {
  const lines = new LineBytes()
  await tapFile(FOLDER + name, { settings }, { message: (flow, m) => add!(lines, flow, m) }, () => {})
  return Buffer.from(lines.bytes).toString()
}

test('there are captures of HTTP/1', () => {
  assert.ok(captures.length > 5)
})

for (const name of captures) {
  test(`${name}: lines do not depend on details that nobody reads`, async () => {
    const compact = (): ReturnType<typeof lineMaker> => lineMaker({ kind: 'compact', colour: false, utc: true })
    const settings = { ...DEFAULT_SETTINGS, bodyLimitBytes: 0 }
    const notes = (m: Message): string => `${m.notes.join()}\n`
    const withNotes = (add = compact()): ReturnType<typeof lineMaker> => (lines, flow, m) => {
      add!(lines, flow, m)
      lines.text(notes(m))
    }
    assert.equal(await textOf(name, { ...settings, details: false }, withNotes()), await textOf(name, { ...settings, details: true }, withNotes()))
  })

  test(`${name}: JSON that is added is the JSON of the whole message`, async () => {
    const rules = { credentials: true, headers: ['host', '*-type', 'server'], parameters: ['*'], texts: ['[0-9]{3}'] }
    for (const settings of [DEFAULT_SETTINGS, { ...DEFAULT_SETTINGS, bodyLimitBytes: 0 }, { ...DEFAULT_SETTINGS, redaction: rules }]) {
      const whole = await textOf(name, settings, (lines, flow, m) => lines.line(jsonLine(flow, m)))
      const json = new JsonLines()
      assert.equal(await textOf(name, settings, (lines, flow, m) => json.add(lines, flow, m)), whole)
    }
  })
}
