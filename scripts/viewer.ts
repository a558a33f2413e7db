// `node scripts/viewer.ts [--if-stale]`: builds the web viewer, ui/ to dist/ui/. With --if-stale only where it is missing or older than its sources.
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { brotliCompressSync, gzipSync } from 'node:zlib'
import { build } from 'vite'
import { ROOT, filesOf } from './checkout.ts'

const BUILT = 'dist/ui/index.html'

/** Milliseconds since the epoch; 0 where there is no such file. */
function changedMs(path: string): number {
  return statSync(ROOT + path, { throwIfNoEntry: false })?.mtimeMs ?? 0
}

function isStale(): boolean {
  const built = changedMs(BUILT)
  return filesOf('ui/**/*.{ts,tsx,css,html,svg}', 'src/model/**/*.ts', 'package-lock.json').some((path) => changedMs(path) > built)
}

/** Compressed once here instead of with every request. */
function compressFiles(): void {
  for (const path of filesOf('dist/ui/**/*.{html,js,css,svg}')) {
    const content = readFileSync(ROOT + path)
    writeFileSync(`${ROOT}${path}.gz`, gzipSync(content, { level: 9 }))
    writeFileSync(`${ROOT}${path}.br`, brotliCompressSync(content))
  }
}

if (!process.argv.includes('--if-stale') || isStale()) {
  await build({ configFile: `${ROOT}ui/vite.config.ts`, logLevel: 'warn' })
  compressFiles()
}
