import type { SourceFile } from './source-tree.ts'

const EXPORTED = /^export (?:async )?(?:abstract )?(?:function\*?|class|const|let|interface|type) ([\w$]+)/gm
const WORD = /[A-Za-z_$][\w$]*/g

/** Exports of `src/` whose name is said nowhere but where they are made: nobody would miss them. `files`: everything that may use them. */
export function deadExports(files: readonly SourceFile[]): string[] {
  const said = new Map<string, number>()
  for (const { text } of files) for (const [word] of text.matchAll(WORD)) said.set(word, (said.get(word) ?? 0) + 1)
  return files.filter(({ path }) => path.startsWith('src/'))
    .flatMap(({ path, text }) => [...text.matchAll(EXPORTED)].filter(([, name]) => said.get(name!) === 1).map(([, name]) => `${path}: nobody uses ${name}`))
}
