import assert from 'node:assert/strict'
import { cpSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { CAPTURES, parseTranscript, patternOf, shell, textOf } from './transcript.ts'

const FOLDER = fileURLToPath(new URL('./transcripts/', import.meta.url))
/** Where the commands run: a copy, because some write. */
const place = mkdtempSync(join(tmpdir(), 'mtlscope-cli-'))
after(() => rmSync(place, { recursive: true }))
cpSync(CAPTURES, place, { recursive: true })

for (const file of readdirSync(FOLDER).toSorted()) {
  for (const { command, expected } of parseTranscript(readFileSync(join(FOLDER, file), 'utf8'))) {
    test(`${file}: ${command}`, async () => {
      const said = await shell(command, place)
      assert.match(textOf(said), patternOf(expected))
      assert.ok(!/^\s+at .*:\d+:\d+/m.test(said.stderr), 'no stack trace')
    })
  }
}
