import { readFileSync } from 'node:fs'

/** Version of this package, as package.json has it. The path holds for `src/base/` and for the compiled `dist/base/` alike. */
export const VERSION: string = readVersion(new URL('../../package.json', import.meta.url))

function readVersion(file: URL): string {
  const { version } = JSON.parse(readFileSync(file, 'utf8')) as { version: string }
  return version
}
