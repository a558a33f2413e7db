/** What docs/architecture.md says about imports. */
export interface ImportRules {
  /** Folder of src/ → folders that it may import from. */
  readonly layers: ReadonlyMap<string, readonly string[]>
  /** Package or node: module → folders that alone may import it. */
  readonly onlyIn: ReadonlyMap<string, readonly string[]>
  /** Folder of src/ that is pure → node: modules that it may import all the same. */
  readonly pure: ReadonlyMap<string, readonly string[]>
}

/** Finds the tables by their first header cell; throws where one is missing, for then nothing would be checked. */
export function parseImportRules(markdown: string): ImportRules {
  return {
    layers: parseTable(markdown, 'folder'),
    onlyIn: parseTable(markdown, 'import'),
    pure: parseTable(markdown, 'pure folder'),
  }
}

/** First cell: one or more names in backticks; second cell: the names that they map to. */
function parseTable(markdown: string, header: string): Map<string, string[]> {
  const lines = markdown.split('\n')
  const start = lines.findIndex((line) => line.startsWith(`| ${header} |`))
  if (start < 0) throw new Error(`docs/architecture.md has no table whose first column is "${header}"`)
  const table = new Map<string, string[]>()
  for (let at = start + 2; lines[at]?.startsWith('|'); at++) {
    const [, names = '', targets = ''] = lines[at]!.split('|')
    for (const name of inBackticks(names)) table.set(name, inBackticks(targets))
  }
  return table
}

function inBackticks(cell: string): string[] {
  return [...cell.matchAll(/`([^`]+)`/g)].map((match) => match[1]!)
}
