// Bundles src/ to dist/, the form that is published: a few files instead of some four hundred, which halves the time to start; and the viewer to dist/ui/.
// Types are the matter of `npm run check`.
import { chmodSync, readFileSync, rmSync } from 'node:fs'
import { dirname, relative, resolve } from 'node:path'
import { build } from 'esbuild'
import type { Plugin } from 'esbuild'
import { ROOT, filesOf } from './checkout.ts'

const MAIN = 'src/cli/main.ts'
/** Another program or thread of ours, started by file: see src/base/sibling.ts. */
const SIBLING = /\bsibling\(import\.meta\.url, '([\w-]+)'\)/g

const { dependencies, engines } = JSON.parse(readFileSync(`${ROOT}package.json`, 'utf8')) as {
  dependencies: Record<string, string>, engines: { node: string }
}

/** Modules of their own beside main.ts: threads and child processes. */
function startedModules(): string[] {
  const sources = filesOf('src/**/*.ts').filter((path) => !/\.(test|fixture)\.ts$/.test(path))
  return [...new Set(sources.flatMap((path) => {
    return [...readFileSync(ROOT + path, 'utf8').matchAll(SIBLING)].map((match) => `${dirname(path)}/${match[1]}.ts`)
  }))]
}

/** Where in dist/ a started module lies, always one folder deep like the chunks, so that what is relative to one is right in all. */
function placeOf(source: string): string {
  const [folder, ...rest] = source.replace(/^src\//, '').replace(/\.ts$/, '').split('/')
  return `${folder}/${rest.join('-')}`
}

/** A bundled module is no longer in its folder, so its siblings are named from where all output lies. */
const siblings: Plugin = {
  name: 'siblings',
  setup: ({ onLoad }) => {
    onLoad({ filter: /\/src\/.*\.ts$/ }, ({ path }) => {
      const source = readFileSync(path, 'utf8')
      const contents = source.replace(SIBLING, (_, name: string) => {
        const target = relative(ROOT, resolve(dirname(path), `${name}.ts`))
        return `new URL('../${placeOf(target)}.js', import.meta.url)`
      })
      return { contents, loader: 'ts' }
    })
  },
}

rmSync(`${ROOT}dist`, { recursive: true, force: true })
await build({
  absWorkingDir: ROOT,
  entryPoints: [MAIN, ...startedModules()].map((source) => ({ in: source, out: placeOf(source) })),
  outdir: 'dist',
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: `node${/\d+(\.\d+)*/.exec(engines.node)![0]}`,
  external: Object.keys(dependencies),
  chunkNames: 'chunks/[name]-[hash]',
  legalComments: 'none',
  logLevel: 'warning',
  plugins: [siblings],
})
chmodSync(`${ROOT}dist/cli/main.js`, 0o755)
await import('./viewer.ts')
