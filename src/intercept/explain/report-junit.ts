import { HOLE_KINDS } from './hole.ts'
import type { Hole, HoleReport } from './hole.ts'
import { xmlText } from './xml-text.ts'

/** JUnit's XML: each kind of hole is a test, and fails with all holes of its kind. */
export function junitReport({ holes, notes, unchecked, unknown }: HoleReport, place: string): string {
  const cases = [...kindCases(holes), unknownCase(unknown)]
  const failures = new Set(holes.map(({ kind }) => kind)).size
  const counts = `tests="${cases.length}" failures="${failures}" errors="${unknown.length === 0 ? 0 : 1}" time="0"`
  return [
    '<?xml version="1.0" encoding="UTF-8"?>', `<testsuites name="mtlscope explain" ${counts}>`,
    `  <testsuite name="${xmlText(place)}" skipped="0" ${counts}>`, ...cases,
    `    <system-out>${xmlText([...notes, ...unchecked].join('\n'))}</system-out>`, '  </testsuite>', '</testsuites>', '',
  ].join('\n')
}

/** What is not known is neither a hole nor none: JUnit calls that an error. */
function unknownCase(unknown: readonly string[]): string {
  const head = '    <testcase classname="mtlscope.explain" name="every answer is known" time="0"'
  if (unknown.length === 0) return `${head}/>`
  return `${head}>\n      <error message="${xmlText(unknown[0]!)}" type="unknown">${xmlText(unknown.join('\n'))}</error>\n    </testcase>`
}

function kindCases(holes: readonly Hole[]): string[] {
  return Object.entries(HOLE_KINDS).map(([kind, { what }]) => {
    const found = holes.filter((hole) => hole.kind === kind)
    const head = `    <testcase classname="mtlscope.explain" name="${xmlText(kind)}: not so: ${xmlText(what)}" time="0"`
    if (found.length === 0) return `${head}/>`
    const text = found.map((hole) => [hole.what, hole.packet, hole.ends, `fix: ${hole.fix}`].filter((line) => line !== undefined).join('\n')).join('\n\n')
    return `${head}>\n      <failure message="${xmlText(found[0]!.what)}" type="${found[0]!.severity}">${xmlText(text)}</failure>\n    </testcase>`
  })
}
