import { execFileSync } from 'node:child_process'

const SEPARATOR = '\x1f'
const MAX_OUTPUT_BYTES = 64 * 1024 * 1024

/** All values of each field, in the order of the packets and within them. `decodeAs`: `tcp.port==1,proto`. */
export function fieldsOf<Name extends string>(path: string, decodeAs: string | undefined, names: readonly Name[]): Record<Name, string[]> {
  const as = decodeAs === undefined ? [] : ['-d', decodeAs]
  const text = execFileSync('tshark', ['-n', '-2', '-r', path, ...as, '-T', 'fields', '-E', 'occurrence=a', '-E', `aggregator=${SEPARATOR}`, ...names.flatMap((name) => ['-e', name])],
    { encoding: 'utf8', maxBuffer: MAX_OUTPUT_BYTES, stdio: ['ignore', 'pipe', 'ignore'] })
  const values = Object.fromEntries(names.map((name) => [name, [] as string[]])) as Record<Name, string[]>
  for (const line of text.split('\n')) {
    line.split('\t').forEach((cell, i) => {
      if (cell !== '') values[names[i]!].push(...cell.split(SEPARATOR))
    })
  }
  return values
}
