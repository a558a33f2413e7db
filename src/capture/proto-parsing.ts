import protobuf from 'protobufjs'
import { MtlscopeError } from '../base/errors.ts'
import type { ProtoFile } from './proto-files.ts'

/** Types of .proto files, as protobufjs gives them: names are not resolved. */
export interface ParsedProtos {
  readonly root: protobuf.Root
  /** By file name: the text, to find a line in it. */
  readonly texts: ReadonlyMap<string, string>
  /** Imported and not there, with the file that wants it. */
  readonly missing: readonly { readonly file: string, readonly name: string }[]
}

/** These are known anyhow; a copy would only stand in the way. */
const BUILT_IN = /(?:^|\/)google\/protobuf\/(?:any|duration|empty|field_mask|struct|timestamp|wrappers)\.proto$/

/** Parses files into one set of types. @throws MtlscopeError bad-schema, with file and line. */
export function parseProtos(files: readonly ProtoFile[]): ParsedProtos {
  const root = new protobuf.Root()
  const texts = new Map<string, string>()
  const known = new Set<string>()
  const imports: { file: string, name: string }[] = []
  for (const { name, text } of files) {
    // The same file is often there twice, once for each that brought it along.
    if (BUILT_IN.test(name) || known.has(text)) continue
    known.add(text)
    texts.set(name, text)
    for (const imported of parseOne(name, text, root)) imports.push({ file: name, name: imported })
  }
  const names = files.map((file) => file.name)
  const isThere = (name: string): boolean => BUILT_IN.test(name) || names.some((path) => path === name || path.endsWith(`/${name}`))
  return { root, texts, missing: imports.filter(({ name }) => !isThere(name)) }
}

/** Files that one imports. @throws MtlscopeError bad-schema */
export function importsOf({ name, text }: ProtoFile): string[] {
  return parseOne(name, text, new protobuf.Root()).filter((imported) => !BUILT_IN.test(imported))
}

function parseOne(name: string, text: string, root: protobuf.Root): string[] {
  const { parse } = protobuf
  // Of protobufjs: each type remembers the file.
  const parser = parse as typeof parse & { filename: string | null }
  parser.filename = name
  try {
    const { imports = [], weakImports = [] } = parse(text, root, { keepCase: true })
    return [...imports, ...weakImports]
  } catch (error) {
    throw broken(name, text, error)
  } finally {
    parser.filename = null
  }
}

function broken(path: string, text: string, error: unknown): MtlscopeError {
  const said = error instanceof Error ? error.message : String(error)
  const line = Number(/line (\d+)/.exec(said)?.[1] ?? lineOfDuplicate(text, said))
  const why = said.replace(/\s*\((?:.*, )?line \d+\)$/, '')
  return new MtlscopeError('bad-schema', `${path}:${line}: ${why}`, { hint: 'protoc names the same place, if the file is at fault', facts: { path, line }, cause: error })
}

/** `duplicate name 'X' in …` comes without a line. */
function lineOfDuplicate(text: string, said: string): number {
  const name = /duplicate (?:name|id) '?([\w.]+)/.exec(said)?.[1]
  return name === undefined ? 1 : lineOf(text, new RegExp(`\\b${name}\\b`))
}

/** Line of the first match, counted from 1; 1 where there is none. */
export function lineOf(text: string, pattern: RegExp): number {
  const at = Math.max(text.search(pattern), 0)
  return text.slice(0, at).split('\n').length
}
