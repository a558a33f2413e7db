import { codeOnly } from './code-only.ts'

// In code without the insides of strings, so each of them ends in an empty-looking string: the specifier.
const PATTERNS = [
  /\b(?:import|export)\b[\w\s{},*$]*?\bfrom\s*(['"])[^'"]*\1/g,
  /\bimport\s*(['"])[^'"]*\1/g,
  /\bimport\s*\(\s*(['"])[^'"]*\1/g,
  /\bnew\s+URL\s*\(\s*(['"])[^'"]*\1(?=\s*,\s*import\.meta\.url)/g,
  /\bsibling\s*\(\s*import\.meta\.url\s*,\s*(['"])[^'"]*\1/g,
]

/** What a module imports: statements, types, `import()`, workers by `new URL(…, import.meta.url)` and by `sibling()`. */
export function importsOf(source: string): string[] {
  const code = codeOnly(source)
  const found: string[] = []
  for (const pattern of PATTERNS) {
    for (const match of code.matchAll(pattern)) {
      const text = source.slice(match.index, match.index + match[0].length)
      const specifier = text.slice(text.lastIndexOf(match[1]!, text.length - 2) + 1, -1)
      found.push(text.startsWith('sibling') ? `./${specifier}.ts` : specifier)
    }
  }
  return found
}
