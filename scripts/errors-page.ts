import { ERRORS } from '../src/base/errors.ts'

const EXITS: Record<number, string> = { 1: 'it failed', 2: 'the command line must change', 3: 'not permitted or not possible on this machine' }

/** docs/errors.md: the table of src/base/errors.ts for people. */
export function renderErrors(): string {
  const rows = Object.entries(ERRORS).map(([code, { exit, what }]) => `| \`${code}\` | ${exit} | ${what} |`)
  const exits = Object.entries(EXITS).map(([exit, meaning]) => `| ${exit} | ${meaning} |`)
  return [
    '# Errors',
    '',
    '<!-- Rendered from src/base/errors.ts by `npm run docs`; edit it there. -->',
    '',
    'An error is one line on standard error, `mtlscope: error: …`, and where something can be done about it a second one, `mtlscope: hint: …`.',
    'Data goes to standard output only, so a pipe never sees either.',
    '',
    '| exit code | meaning |',
    '|---|---|',
    '| 0 | it worked |',
    ...exits,
    '',
    '| error | exit code | when |',
    '|---|---|---|',
    ...rows,
    '',
  ].join('\n')
}
