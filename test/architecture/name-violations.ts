import { codeOnly } from './code-only.ts'
import type { SourceFile } from './source-tree.ts'

const FILE = /^[a-z0-9]+(?:-[a-z0-9]+)*(?:\.(?:test|fixture|bench))?\.ts$/
const FOLDER = /^[a-z0-9]+(?:-[a-z0-9]+)*$/
/** Names that say nothing about what is inside. */
const EMPTY_WORDS = /^(?:utils?|helpers?)(?=[.-]|$)|-(?:utils?|helpers?)(?=\.|$)/

/** Names of files and folders, and default exports, which would let each importer choose another name. */
export function nameViolations(files: readonly SourceFile[]): string[] {
  return files.flatMap(({ path, text }) => {
    const folders = path.split('/')
    const file = folders.pop()!
    const found: string[] = []
    if (!FILE.test(file)) found.push(`${path}: file names are kebab-case`)
    if (EMPTY_WORDS.test(file)) found.push(`${path}: name the file by what is in it`)
    if (folders.some((folder) => !FOLDER.test(folder))) found.push(`${path}: folder names are kebab-case`)
    if (folders.some((folder) => EMPTY_WORDS.test(folder))) found.push(`${path}: name the folder by what is in it`)
    if (path.startsWith('src/') && /\bexport default\b/.test(codeOnly(text))) found.push(`${path}: exports are named, there is no default`)
    return found
  })
}
