import assert from 'node:assert/strict'
import test from 'node:test'
import { DEFAULT_REDACTION, NO_REDACTION, Redactor } from '../redaction.ts'
import { plainText, textOf, textOfCut } from './byte-text.ts'
import { MAX_WHAT_CHARACTERS } from './limits.ts'
import { rowsByName } from './rows.ts'
import type { Dialect } from './statement-secrets.ts'
import { oneLine, shownStatement } from './statement-text.ts'

const shown = (statement: string, dialect: Dialect = 'mysql'): string => shownStatement(statement, new Redactor(DEFAULT_REDACTION), dialect)

test('passwords that a statement sets are replaced', () => {
  const cases: [string, string][] = [
    ["ALTER ROLE a PASSWORD 'se''cret'", "ALTER ROLE a PASSWORD '[redacted]'"],
    ["CREATE USER a IDENTIFIED BY 'x' REQUIRE SSL", "CREATE USER a IDENTIFIED BY '[redacted]' REQUIRE SSL"],
    ["create user a identified by \"x\"", "create user a identified by '[redacted]'"],
    ["ALTER USER a IDENTIFIED WITH caching_sha2_password AS 'x'", "ALTER USER a IDENTIFIED WITH caching_sha2_password AS '[redacted]'"],
    ["SET PASSWORD FOR a@b = PASSWORD('x')", "SET PASSWORD FOR a@b = PASSWORD('[redacted]')"],
    ["SET PASSWORD = 'x'", "SET PASSWORD = '[redacted]'"],
    ["ALTER ROLE a PASSWORD 'cut off", "ALTER ROLE a PASSWORD '[redacted]'"],
    ["CREATE USER MAPPING FOR a SERVER s OPTIONS (user 'u', password 'x')", "CREATE USER MAPPING FOR a SERVER s OPTIONS (user 'u', password '[redacted]')"],
  ]
  for (const [statement, expected] of cases) assert.equal(shown(statement), expected)
})

test('other statements stay as they are', () => {
  for (const statement of ["SELECT password FROM users WHERE name = 'a'", "SELECT 'password'", 'SELECT 1']) assert.equal(shown(statement), statement)
  const open = new Redactor(NO_REDACTION)
  assert.equal(shownStatement("SET PASSWORD = 'x'", open, 'mysql'), "SET PASSWORD = 'x'")
  assert.equal(shownStatement('SELECT 4711', new Redactor({ ...NO_REDACTION, texts: ['\\d+'] }), 'postgres'), 'SELECT [redacted]')
})

test('a statement becomes one line that is not too long', () => {
  assert.equal(oneLine('  SELECT\n\t1 '), 'SELECT 1')
  assert.equal(oneLine('x'.repeat(5000)).length, LINE_CHARACTERS)
})

const LINE_CHARACTERS = MAX_WHAT_CHARACTERS + 1

test('bytes become text where they are text', () => {
  const kept = Buffer.from('Grüße').toString('latin1')
  assert.equal(textOf(kept), 'Grüße')
  assert.equal(textOf('Gr\xfc'), 'Gr\xfc')
  assert.equal(textOfCut(kept.slice(0, 3)), 'Gr')
  assert.equal(plainText('a\0'), undefined)
  assert.equal(plainText(kept), 'Grüße')
})

test('columns of one name are told apart', () => {
  assert.deepEqual(rowsByName(['a', 'a', 'b'], [[1, 2, 3, 4]]), [{ a: 1, 'a#2': 2, b: 3, column4: 4 }])
})
