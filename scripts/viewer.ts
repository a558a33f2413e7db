// `node scripts/viewer.ts [--if-stale]`: builds the web viewer, ui/ to dist/ui/. With --if-stale only where it is missing or older than its sources.
import { globSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { brotliCompressSync, gzipSync } from 'node:zlib'
import { ROOT, filesOf } from './checkout.ts'

const TARGET = `${ROOT}dist/ui`
const BUILT = 'dist/ui/index.html'
/** Of this process alone, and outside of dist/: others may build at the same time, and what is being served is never half a viewer. */
const OWN = `${ROOT}node_modules/.cache/ui-${process.pid}`

const MOST_TRIES = 5

/** Milliseconds since the epoch; 0 where there is no such file. */
function changedMs(path: string): number {
  return statSync(ROOT + path, { throwIfNoEntry: false })?.mtimeMs ?? 0
}

function isStale(): boolean {
  const built = changedMs(BUILT)
  const sources = filesOf('ui/**/*.{ts,tsx,css,html,svg}', 'src/model/**/*.ts', 'package-lock.json').filter((path) => !path.endsWith('.test.ts'))
  return sources.some((path) => changedMs(path) > built)
}

/** Compressed once here instead of with every request. */
function compressFiles(): void {
  for (const path of globSync('**/*.{html,js,css,svg}', { cwd: OWN })) {
    const content = readFileSync(`${OWN}/${path}`)
    writeFileSync(`${OWN}/${path}.gz`, gzipSync(content, { level: 9 }))
    writeFileSync(`${OWN}/${path}.br`, brotliCompressSync(content))
  }
}

/** Puts what was built into the place of what was there. Of two that do so at once the later one wins. */
function replaceTarget(): void {
  const old = `${OWN}-old`
  for (let tries = 0; ; tries++) {
    try {
      mkdirSync(`${ROOT}dist`, { recursive: true })
      if (statSync(TARGET, { throwIfNoEntry: false }) !== undefined) renameSync(TARGET, old)
      renameSync(OWN, TARGET)
      break
    } catch (error) {
      // Another one was quicker between the two: its viewer goes, too.
      if (tries === MOST_TRIES) throw error
      rmSync(old, { recursive: true, force: true })
    }
  }
  rmSync(old, { recursive: true, force: true })
}

if (!process.argv.includes('--if-stale') || isStale()) {
  // Before the first demo of a checkout: seconds in which otherwise nothing would be said. Standard output belongs to who is run after it.
  if (process.argv.includes('--if-stale')) console.error('building the viewer, which is done again only when its sources have changed …')
  try {
    // Only to find nothing to do, which each test of the viewer asks for, it would take most of the time.
    const { build } = await import('vite')
    await build({ configFile: `${ROOT}ui/vite.config.ts`, logLevel: 'warn', build: { outDir: OWN } })
    compressFiles()
    replaceTarget()
  } finally {
    rmSync(OWN, { recursive: true, force: true })
  }
}
