import assert from 'node:assert/strict'
import test from 'node:test'
import { codeOnly } from './code-only.ts'

const words = (source: string): string => codeOnly(source).replace(/\s+/g, ' ').trim()

test('comments go, code stays', () => {
  assert.equal(words('a() // Date.now()\nb() /* process.exit\n */ c()'), 'a() b() c()')
})

test('the insides of strings go, quotes stay', () => {
  assert.equal(words(`say('it\\'s // no comment', "/* nor this")`), `say(' ', " ")`)
})

test('what a template computes is code, also when templates nest', () => {
  assert.equal(words('`x ${ a ? `y ${b({ c })} it\'s` : \'\' } z` + d'), '` ${ a ? ` ${b({ c })} ` : \'\' } ` + d')
})

test('a regular expression is no code, a division is', () => {
  assert.equal(words('x = /[/\'"]process/.test(y)'), 'x = .test(y)')
  assert.equal(words('x = a / b / c'), 'x = a / b / c')
})

test('offsets and lines stay', () => {
  const source = 'a // b\n\'c\' /* d\n */ `e${f}`\n'
  assert.equal(codeOnly(source).length, source.length)
  assert.equal(codeOnly(source).split('\n').length, source.split('\n').length)
})

test('what never ends is no error', () => {
  for (const source of ['/*', '\'a', '`a', '`a${', 'a = /b', '\\', '}']) assert.equal(codeOnly(source).length, source.length)
})
