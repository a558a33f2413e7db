/**
 * Takes apart the list of subject alternative names as Node prints it: `DNS:a.example, URI:"spiffe://x/with, comma"`.
 * Values with special characters are JSON strings there, so that a name cannot smuggle in another one.
 */
export function splitAlternativeNames(text: string): string[] {
  const names: string[] = []
  const entry = /([^:,]+):("(?:[^"\\]|\\.)*"|[^,]*)(?:, |$)/gy
  for (let match = entry.exec(text); match !== null; match = entry.exec(text)) {
    names.push(`${match[1]}:${unquoted(match[2]!)}`)
    if (entry.lastIndex >= text.length) break
  }
  return names
}

function unquoted(value: string): string {
  if (!value.startsWith('"')) return value
  try {
    return String(JSON.parse(value))
  } catch {
    return value
  }
}
