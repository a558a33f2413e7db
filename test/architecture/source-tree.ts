import { readdirSync, readFileSync } from 'node:fs'

/** One TypeScript file: path from the root of the repository with `/`, and its text. */
export interface SourceFile {
  readonly path: string
  readonly text: string
}

export const ROOT = new URL('../../', import.meta.url)

/** Every TypeScript file below the folders, or those with another ending. A folder that does not exist has none. */
export function readSourceTree(folders: readonly string[], ending = /\.ts$/): SourceFile[] {
  return folders.flatMap((folder) => pathsBelow(folder).filter((path) => ending.test(path)))
    .map((path) => ({ path, text: readFileSync(new URL(path, ROOT), 'utf8') }))
}

function pathsBelow(folder: string): string[] {
  return entriesOf(folder).flatMap((entry) => {
    const path = `${folder}/${entry.name}`
    return entry.isDirectory() ? pathsBelow(path) : [path]
  })
}

function entriesOf(folder: string) {
  try {
    return readdirSync(new URL(`${folder}/`, ROOT), { withFileTypes: true })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}

/** Tests and what only tests use: the layers do not bind them, and nothing else may import them. */
export function isTestCode(path: string): boolean {
  return /\.(?:test|fixture)\.ts$/.test(path)
}
