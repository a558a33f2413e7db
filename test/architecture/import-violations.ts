import { posix } from 'node:path'
import { codeOnly } from './code-only.ts'
import { importsOf } from './imports-of.ts'
import type { ImportRules } from './rule-tables.ts'
import type { SourceFile } from './source-tree.ts'
import { isTestCode } from './source-tree.ts'

/** Folder of src/ that a path lies in; undefined for what lies outside or directly in src/. */
function layerOf(path: string): string | undefined {
  return /^src\/([^/]+)\//.exec(path)?.[1]
}

/** Lines like `src/protocols/http1/x.ts: protocols may not import sys`. Tests are free to import what they like. */
export function importViolations(files: readonly SourceFile[], rules: ImportRules, dependencies: readonly string[]): string[] {
  return files.filter((file) => !isTestCode(file.path)).flatMap((file) => {
    const layer = layerOf(file.path)
    if (layer === undefined || !rules.layers.has(layer)) return [`${file.path}: ${layer ?? 'src'} is no folder of the layer table`]
    return importsOf(file.text).flatMap((specifier) => {
      const why = specifier.startsWith('.')
        ? relativeViolation(file.path, layer, specifier, rules)
        : packageViolation(layer, specifier, rules, dependencies)
      return why === undefined ? [] : [`${file.path}: ${why}`]
    })
  })
}

function relativeViolation(path: string, layer: string, specifier: string, rules: ImportRules): string | undefined {
  const target = posix.join(posix.dirname(path), specifier)
  if (!target.endsWith('.ts')) return undefined
  if (isTestCode(target)) return `only tests may import ${target}`
  const other = layerOf(target)
  if (other === undefined) return `src may not import ${target}`
  if (other === layer || rules.layers.get(layer)!.includes(other)) return undefined
  return `${layer} may not import ${other}`
}

function packageViolation(layer: string, specifier: string, rules: ImportRules, dependencies: readonly string[]): string | undefined {
  const name = specifier.startsWith('node:') ? specifier : packageName(specifier)
  if (!name.startsWith('node:') && !dependencies.includes(name)) return `${name} is not among the dependencies of package.json`
  const owners = rules.onlyIn.get(name)
  if (owners !== undefined && !owners.includes(layer)) return `${layer} may not import ${name}, only ${owners.join(', ')} may`
  const allowed = rules.pure.get(layer)
  if (allowed !== undefined && !allowed.includes(name)) return `${layer} is pure and may not import ${name}`
  return undefined
}

function packageName(specifier: string): string {
  return specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/')
}

const IMPURE: readonly [RegExp, string][] = [
  [/\bDate\.now\b/, 'Date.now'],
  [/\bnew Date\(\s*\)/, 'new Date()'],
  [/\bperformance\b/, 'performance'],
  [/(?<![\w$.#])process\./, 'process'],
  [/\bglobalThis\b/, 'globalThis'],
  [/\bMath\.random\b/, 'Math.random'],
  [/(?<![\w$.#])(?:setTimeout|setInterval|setImmediate|queueMicrotask|fetch)\(/, 'a timer or fetch'],
  [/(?<![\w$.#])console\./, 'console'],
]

/** Clocks, globals and chance in a folder that the table calls pure. */
export function purityViolations(files: readonly SourceFile[], rules: ImportRules): string[] {
  return files.filter((file) => !isTestCode(file.path)).flatMap((file) => {
    const layer = layerOf(file.path)
    if (layer === undefined || !rules.pure.has(layer)) return []
    const code = codeOnly(file.text)
    return IMPURE.filter(([pattern]) => pattern.test(code)).map(([, what]) => `${file.path}: ${layer} is pure and may not use ${what}`)
  })
}
