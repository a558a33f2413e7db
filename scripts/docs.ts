// Writes the pages of docs/ that are rendered from the code, and the Helm chart. `--check` writes nothing and fails where one is out of date.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { chartFiles } from './chart-files.ts'
import { ROOT } from './checkout.ts'
import { SIDECAR_SCHEMA } from '../src/proxy/config/schema.ts'
import { renderErrors } from './errors-page.ts'
import { renderLimits } from './limits-page.ts'
import { renderAmqpMethods, renderKafkaFields } from './wire-fields-page.ts'

const PAGES: readonly [path: string, text: string][] = [
  ['docs/errors.md', renderErrors()],
  ['docs/limits.md', await renderLimits()],
  ['docs/protocols/amqp-methods.md', renderAmqpMethods()],
  ['docs/protocols/kafka-fields.md', renderKafkaFields()],
  ['docs/schema/sidecar.schema.json', `${JSON.stringify(SIDECAR_SCHEMA, null, 2)}\n`],
  ...chartFiles(),
]

function current(path: string): string | undefined {
  try {
    return readFileSync(ROOT + path, 'utf8')
  } catch {
    return undefined
  }
}

const stale = PAGES.filter(([path, text]) => current(path) !== text)
for (const [path, text] of stale) {
  if (process.argv.includes('--check')) {
    console.error(`${path} is out of date: npm run docs`)
    process.exitCode = 1
  } else {
    mkdirSync(dirname(ROOT + path), { recursive: true })
    writeFileSync(ROOT + path, text)
    console.log(`wrote ${path}`)
  }
}
