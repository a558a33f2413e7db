import { readFileSync, readdirSync, realpathSync, statSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { MtlscopeError } from '../base/errors.ts'

/** A .proto file, by the name that messages about it use. */
export interface ProtoFile { readonly name: string, readonly text: string }

const MAX_FILES = 20_000
const MAX_FILE_BYTES = 16 * 1024 * 1024
/** Folders above a single file in which its imports are looked for. */
const MAX_FOLDERS_ABOVE = 16

/** All .proto files below a folder, hidden folders left out, in the order of their names. */
export function readProtoFolder(folder: string): ProtoFile[] {
  const names: string[] = []
  const seen = new Set<string>()
  const visit = (path: string): void => {
    const real = realpathSync(path)
    if (seen.has(real)) return
    seen.add(real)
    for (const name of readdirSync(path).sort()) {
      if (name.startsWith('.') || name === 'node_modules') continue
      const full = join(path, name)
      const stat = statSync(full, { throwIfNoEntry: false })
      if (stat?.isDirectory() === true) visit(full)
      else if (stat?.isFile() === true && name.endsWith('.proto')) names.push(full)
      if (names.length > MAX_FILES) throw new MtlscopeError('bad-schema', `more than ${MAX_FILES} .proto files below ${folder}`, { facts: { path: folder } })
    }
  }
  visit(folder)
  return names.map((name) => ({ name: join(folder, relative(folder, name)), text: readText(name) }))
}

/** One file, and those that it imports where they lie in its folder or one above. */
export function readProtoFile(path: string, importsOf: (file: ProtoFile) => readonly string[]): ProtoFile[] {
  const files = new Map<string, ProtoFile>()
  const waiting = [path]
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (files.has(next)) continue
    const file = { name: next, text: readText(next) }
    files.set(next, file)
    for (const name of importsOf(file)) {
      const found = findImport(path, name)
      if (found !== undefined) waiting.push(found)
    }
  }
  return [...files.values()]
}

function findImport(path: string, name: string): string | undefined {
  let folder = dirname(path)
  for (let i = 0; i < MAX_FOLDERS_ABOVE; i++) {
    const candidate = join(folder, name)
    if (statSync(candidate, { throwIfNoEntry: false })?.isFile() === true) return candidate
    const above = join(folder, '..')
    if (realpathSync(above) === realpathSync(folder)) return undefined
    folder = above
  }
  return undefined
}

function readText(path: string): string {
  const { size } = statSync(path)
  if (size > MAX_FILE_BYTES) throw new MtlscopeError('bad-schema', `${path} is too large for a schema: ${size} bytes`, { facts: { path } })
  return readFileSync(path, 'utf8')
}
