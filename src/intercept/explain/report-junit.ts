import { HOLE_KINDS } from './hole.ts'
import type { HoleReport } from './hole.ts'

/** Of what XML 1.0 cannot hold nothing is left (§2.2). */
// eslint-disable-next-line no-control-regex
const FORBIDDEN = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g

function escape(text: string): string {
  return text.replace(FORBIDDEN, '').replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
}

/** JUnit's XML: each kind of hole is a test, and fails with all holes of its kind. */
export function junitReport({ holes, notes, unchecked }: HoleReport, place: string): string {
  const cases = Object.entries(HOLE_KINDS).map(([kind, { what }]) => {
    const found = holes.filter((hole) => hole.kind === kind)
    const head = `    <testcase classname="mtlscope.explain" name="${escape(kind)}: not so: ${escape(what)}" time="0"`
    if (found.length === 0) return `${head}/>`
    const text = found.map((hole) => [hole.what, hole.packet, hole.ends, `fix: ${hole.fix}`].filter((line) => line !== undefined).join('\n')).join('\n\n')
    return `${head}>\n      <failure message="${escape(found[0]!.what)}" type="${found[0]!.severity}">${escape(text)}</failure>\n    </testcase>`
  })
  const failures = new Set(holes.map(({ kind }) => kind)).size
  const counts = `tests="${cases.length}" failures="${failures}" errors="0" time="0"`
  return [
    '<?xml version="1.0" encoding="UTF-8"?>', `<testsuites name="mtlscope explain" ${counts}>`,
    `  <testsuite name="${escape(place)}" skipped="0" ${counts}>`, ...cases,
    `    <system-out>${escape([...notes, ...unchecked].join('\n'))}</system-out>`, '  </testsuite>', '</testsuites>', '',
  ].join('\n')
}
