import assert from 'node:assert/strict'
import test from 'node:test'
import fc from '#property'
import type { Dialect } from './statement-secrets.ts'
import { withoutQuotedLiterals, withoutSecrets } from './statement-secrets.ts'

/** Nobody writes it otherwise, so that any of it that is left shows. */
const SECRET = 'Zq7Wx9Kp2Lm5'
const HEX = `0x${Buffer.from(SECRET).toString('hex')}`

const MYSQL = [
  `CREATE USER a IDENTIFIED BY '${SECRET}'`, `CREATE USER a IDENTIFIED BY "${SECRET}"`, `CREATE USER a IDENTIFIED BY PASSWORD '${SECRET}'`,
  `CREATE USER a IDENTIFIED VIA mysql_native_password USING '${SECRET}'`, `CREATE USER a IDENTIFIED VIA ed25519 AS '${SECRET}'`,
  `CREATE USER a IDENTIFIED VIA unix_socket OR mysql_native_password USING PASSWORD('${SECRET}')`, `CREATE USER a IDENTIFIED WITH 'plugin' BY '${SECRET}'`,
  `ALTER USER a IDENTIFIED BY 'x' REPLACE '${SECRET}'`, `CREATE USER a IDENTIFIED BY 'x', b IDENTIFIED BY '${SECRET}'`,
  `CREATE USER a IDENTIFIED BY 'x' AND IDENTIFIED WITH caching_sha2_password AS ${HEX}`, `CREATE USER a IDENTIFIED BY _utf8'${SECRET}'`,
  `CREATE USER a IDENTIFIED/**/BY/* x */'${SECRET}'`, `CREATE USER a /*!50000 IDENTIFIED BY '${SECRET}' */`, `CREATE USER a IDENTIFIED BY # why\n'${SECRET}'`,
  `CHANGE MASTER TO MASTER_HOST='h', MASTER_PASSWORD='${SECRET}', MASTER_USER='u'`, `CHANGE REPLICATION SOURCE TO SOURCE_PASSWORD = "${SECRET}"`,
  `START REPLICA USER='u' PASSWORD='${SECRET}'`, `SET PASSWORD FOR 'a'@'%' = PASSWORD('${SECRET}')`, `SET PASSWORD = '${SECRET}'`, `SELECT OLD_PASSWORD('${SECRET}')`,
  `SET PASSWORD = 'x' '${SECRET}'`, `UPDATE mysql.user SET \`Password\` = PASSWORD(N'${SECRET}')`, `SELECT 'it\\'s', PASSWORD('a\\'${SECRET}')`,
  `CREATE TABLE t (a int) ENGINE=FEDERATED CONNECTION='mysql://u:${SECRET}@h/db/t'`, `CREATE SERVER s FOREIGN DATA WRAPPER mysql OPTIONS (USER 'u', PASSWORD '${SECRET}')`,
  `SELECT '-- not a comment', PASSWORD('${SECRET}')`, `-- don't\nSET PASSWORD = '${SECRET}'`, `SET PASSWORD = '${SECRET}`, `near 'IDENTIFIED BY '${SECRET}'' at line 1`,
]
const POSTGRES = [
  `ALTER ROLE a PASSWORD '${SECRET}'`, `ALTER ROLE a ENCRYPTED PASSWORD E'\\'${SECRET}'`, `ALTER ROLE a PASSWORD $$${SECRET}$$`, `ALTER ROLE a PASSWORD $x$${SECRET}$x$`,
  `ALTER ROLE a PASSWORD U&'${SECRET}'`, `ALTER ROLE a PASSWORD /* x */ '${SECRET}'`, `ALTER ROLE a PASSWORD -- x\n '${SECRET}'`,
  `CREATE USER MAPPING FOR a SERVER s OPTIONS (user 'u', password '${SECRET}')`, `CREATE SUBSCRIPTION s CONNECTION 'host=h password=${SECRET} user=u' PUBLICATION p`,
  `CREATE SUBSCRIPTION s CONNECTION 'host=h password=''a ${SECRET}'' user=u' PUBLICATION p`, `SELECT dblink('postgresql://u:${SECRET}@h/db', 'x')`,
  `DO $$ BEGIN ALTER ROLE a PASSWORD /**/ '${SECRET}'; END $$`, `SELECT 'C:\\', 1; ALTER ROLE a PASSWORD '${SECRET}'`, `SELECT 1 # 2; ALTER ROLE a PASSWORD '${SECRET}'`,
  `SELECT 1 -- don't\n; ALTER ROLE a PASSWORD '${SECRET}'`, `UPDATE u SET "password" = '${SECRET}'`, `PREPARE p AS ALTER ROLE a PASSWORD 'x''${SECRET}'`,
]

test('no way to write a password shows it', () => {
  const cases: [Dialect, readonly string[]][] = [['mysql', MYSQL], ['postgres', POSTGRES]]
  for (const [dialect, statements] of cases) {
    for (const statement of statements) {
      const shown = withoutSecrets(statement, dialect)
      assert.ok(!shown.includes(SECRET) && !shown.includes(HEX), shown)
      assert.ok(shown.includes('[redacted]'), shown)
    }
  }
})

const MISSPELT = [
  `CREATE USER a IDENTIFED BY '${SECRET}'`, `CREATE USER a INDENTIFIED BY "${SECRET}"`, `CREATE USER a IDENTIFEID WITH x BY '${SECRET}'`, `CREATE USER a IDENTIFIED BU '${SECRET}'`,
  `CREATE USER a IDENTIFIED YB '${SECRET}'`, `CREATE USER a IDENTIFIED '${SECRET}'`, `CREAET USER a IDENTIFIDE BY '${SECRET}' RQUIRE SSL`, `SET PASWORD FOR a = '${SECRET}'`,
  `SET PASSWROD = PASSWORD('${SECRET}')`, `ALTER ROLE a PASSWROD '${SECRET}'`, `ALTER ROLE a WITH PSSWORD '${SECRET}'`, `ALTER ROLE a PASSWORD TO '${SECRET}'`,
  `CHANGE MASTER TO MASTER_PASWORD='${SECRET}'`, `CHANGE MASTER TO MASTER_PASSOWRD = '${SECRET}', MASTER_USER = 'u'`, `CREATE USER a IDENTIFIED BY '${SECRET}' WHERE`, `ALTER ROLE a PASSWORD '${SECRET}' (;`,
  `near 'IDENTIFED BY '${SECRET}'' at line 1`,
]

test('slips of the pen show no password either', () => {
  for (const statement of MISSPELT) {
    for (const dialect of ['mysql', 'postgres'] as const) {
      const shown = withoutSecrets(statement, dialect)
      assert.ok(!shown.includes(SECRET) && shown.includes('[redacted]'), shown)
    }
  }
})

test('of what an error quotes no literal is shown', () => {
  const quoting = [
    `You have an error in your SQL syntax; check the manual for the right syntax to use near 'BU '${SECRET}'' at line 1`, `syntax error, near ''${SECRET}' REQUIRE' at line 2`, `near '"${SECRET}"' at line 1`,
    `syntax error at or near "'${SECRET}'"`, `unterminated quoted string at or near "'${SECRET}; SELECT"`, `syntax error at or near "$x$${SECRET}$x$"`, `near 'BU '${SECRET}' at line 1`,
  ]
  for (const message of quoting) assert.ok(!withoutQuotedLiterals(message).includes(SECRET), withoutQuotedLiterals(message))
  for (const message of ["Table 'a.b' doesn't exist", 'syntax error at or near "SELEC"', "right syntax to use near 'FROM t' at line 1", "nearly 'x'"]) assert.equal(withoutQuotedLiterals(message), message)
})

test('no statement that is cut off shows any of it', () => {
  for (const statement of MYSQL) assertCut(statement, 'mysql')
  for (const statement of POSTGRES) assertCut(statement, 'postgres')
})

function assertCut(statement: string, dialect: Dialect): void {
  const from = Math.max(statement.indexOf(SECRET), 0)
  // Four characters of it are enough for one to know; a URL is known as such by what follows its password.
  if (/:\/\//.test(statement)) return
  for (let end = from + 4; end < statement.length; end++) {
    const shown = withoutSecrets(statement.slice(0, end), dialect)
    assert.ok(!shown.includes(SECRET.slice(0, 4)), shown)
  }
}

test('what is no password stays as it was written', () => {
  const same = [
    "SELECT password FROM users WHERE name = 'a'", "SELECT 'password', 'x'", "SELECT name AS password, 'x' FROM t", "INSERT INTO users (name, password) VALUES ('a', $1)",
    "COMMENT ON COLUMN users.password IS 'a hash'", "SELECT * FROM secrets WHERE id = '7'", "SELECT 'http://h/a@b'", "SELECT identified_at, 'x' FROM t",
    "SELECT identifier, 'x' FROM t WHERE identifier = 'y'", "SELECT * FROM passports WHERE passport = 'x'", "SELECT now() - INTERVAL '1 day', password FROM t", "UPDATE posts SET posted = '1'",
    "CREATE USER a IDENTIFIED WITH 'auth_socket' REQUIRE SUBJECT '/CN=a'", "ALTER ROLE a VALID UNTIL '2030-01-01' PASSWORD NULL",
  ]
  for (const statement of same) {
    assert.equal(withoutSecrets(statement, 'mysql'), statement)
    assert.equal(withoutSecrets(statement, 'postgres'), statement)
  }
  assert.equal(withoutSecrets("ALTER ROLE a PASSWORD 'x' VALID UNTIL 'y'", 'postgres'), "ALTER ROLE a PASSWORD '[redacted]' VALID UNTIL 'y'")
  assert.equal(withoutSecrets("SELECT dblink('host=h password=x user=u', 'SELECT 1')", 'postgres'), "SELECT dblink('host=h password=[redacted] user=u', 'SELECT 1')")
})

test('whatever is written ends, and quickly', () => {
  const piece = fc.constantFrom('password', ' ', "'", '"', '`', '$', '$a$', '$$', '/*', '*/', '--', '#', '\n', '\\', '=', '(', 'identified', 'by', 'x', '://', '@', ';')
  fc.assert(fc.property(fc.array(piece, { maxLength: 60 }), fc.constantFrom<Dialect>('mysql', 'postgres'), (pieces, dialect) => {
    assert.equal(typeof withoutSecrets(pieces.join(''), dialect), 'string')
  }))
  for (const unit of ["'", "''", '$a$', '/*', 'password/*', "password ''", "identified '", '://', 'password=(', '\\', '$', "e'\\", "near '", 'password with ', 'identified  ', 'ipassword']) {
    for (const dialect of ['mysql', 'postgres'] as const) withoutSecrets(`secret ${unit.repeat(20_000)}`, dialect)
    withoutQuotedLiterals(`near '${unit.repeat(20_000)}`)
  }
})
